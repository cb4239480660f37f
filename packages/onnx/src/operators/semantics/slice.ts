/** What a slice takes of an axis: `count` elements from `from` on. */
export interface Range {
  readonly from: number;
  readonly count: number;
}

/** What ONNX's Slice takes of an axis: bounds count from either end, and what lies beyond an end is that end. */
export function sliceOf(size: number, start: number, end: number, step: number): Range {
  const within = (value: number, low: number, high: number): number =>
    Math.min(Math.max(value < 0 ? value + size : value, low), high);
  const from = step > 0 ? within(start, 0, size) : within(start, 0, size - 1);
  const to = step > 0 ? within(end, 0, size) : within(end, -1, size - 1);
  return { from, count: Math.max(Math.ceil((to - from) / step), 0) };
}
