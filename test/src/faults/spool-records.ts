import { seededRandom } from '@renorm/protocol';

// The records of a made-up spool: what is in one follows from its ticket alone, so that whoever reads it knows what it
// has to be.

export const dataKey = (ticket: number): string => `data/${String(ticket).padStart(14, '0')}`;
export const sampleKey = (ticket: number): string => `sample/${String(ticket).padStart(14, '0')}`;
export const ticketOf = (key: string): number => Number(key.slice(key.indexOf('/') + 1));

/** Some bytes to some kilobytes, as samples have. */
export function dataOf(ticket: number): Uint8Array {
  const next = seededRandom(ticket);
  const length = 16 + Math.floor(next() ** 4 * 20_000);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (ticket * 31 + i * 7) >> (i % 3);
  return bytes;
}
