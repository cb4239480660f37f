/**
 * Milliseconds on the clock that all processes of a machine share and nobody can set; it begins anew when the machine
 * starts. The date would not do for ages that several processes compare: set ahead by an hour, it would let blobs go
 * that another trainer is about to name.
 */
export function sinceBoot(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
