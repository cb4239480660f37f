/**
 * Groups the bytes of little-endian elements by significance: all lowest bytes first. Neighbouring parameters have
 * similar exponents, so the high planes compress well.
 *
 * @param width bytes of an element; divides `bytes.length`
 */
export function toPlanes(bytes: Uint8Array, width: number): Uint8Array {
  const count = bytes.length / width;
  const planes = new Uint8Array(bytes.length);
  for (let i = 0; i < count; i++) {
    for (let plane = 0; plane < width; plane++) planes[plane * count + i] = bytes[i * width + plane] as number;
  }
  return planes;
}

/** The inverse of {@link toPlanes}. */
export function fromPlanes(planes: Uint8Array, width: number): Uint8Array {
  const count = planes.length / width;
  const bytes = new Uint8Array(planes.length);
  for (let i = 0; i < count; i++) {
    for (let plane = 0; plane < width; plane++) bytes[i * width + plane] = planes[plane * count + i] as number;
  }
  return bytes;
}
