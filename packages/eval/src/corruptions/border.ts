/** The pixel that stands for one beyond the border, along one axis of `size` pixels. */
export type Border = (index: number, size: number) => number;

/** aaa|abcd|ddd: ImageMagick's default, scikit-image's `nearest`. */
export const repeat: Border = (index, size) => Math.min(size - 1, Math.max(0, index));

/** dcb|abcd|cba: OpenCV's default, BORDER_REFLECT_101. */
export const mirror: Border = (index, size) => {
  if (size === 1) return 0;
  const folded = modulo(index, 2 * (size - 1));
  return folded < size ? folded : 2 * (size - 1) - folded;
};

/** cba|abcd|dcb: SciPy's `reflect`. */
export const reflect: Border = (index, size) => {
  const folded = modulo(index, 2 * size);
  return folded < size ? folded : 2 * size - 1 - folded;
};

const modulo = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor;
