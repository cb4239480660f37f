import { combined, mapped, rearranged, type SmallTensor } from '../../graph/small-tensor.js';
import type { FoldContext, FoldRule, Shape, ShapeRule } from '../../graph/types.js';
import { together } from './broadcast.js';

/** The shape of all inputs repeated along each other's axes. */
export const repeated: ShapeRule = ({ shapes }) =>
  shapes.reduce<Shape | undefined>((a, b) => (a === undefined || b === undefined ? undefined : together(a, b)), []);

/** The value of an operator of two inputs. */
export const binary =
  (rule: (x: number, y: number, integer: boolean) => number): FoldRule =>
  ({ at }) =>
    combined(at(0), at(1), rule);

/** The value of an operator of one input. */
export const unary =
  (rule: (x: number) => number): FoldRule =>
  ({ at }) =>
    mapped(at(0), rule);

/** The value of an operator of one input or more. */
export const folded =
  (rule: (x: number, y: number) => number): FoldRule =>
  ({ at, operation }) =>
    operation.inputs.map((_, i) => at(i)).reduce((a, b) => combined(a, b, (x, y) => rule(x, y)));

/** Where: an element of the first of two where a condition holds, else of the second. */
export function chosen({ at }: FoldContext): SmallTensor {
  const [condition, yes, no] = [at(0), at(1), at(2)];
  const places = combined(
    combined({ ...yes, values: yes.values.map((_, i) => i) }, condition, (x) => x),
    no,
    (x) => x,
  );
  const spread = (t: SmallTensor): SmallTensor =>
    rearranged(t, places.dims, (index) =>
      t.dims.map((d, i) => (d === 1 ? 0 : (index[i + places.dims.length - t.dims.length] as number))),
    );
  const [c, y, n] = [spread(condition), spread(yes), spread(no)];
  const values = places.values.map((_, i) => {
    const chosen = c.values[i];
    return chosen === undefined ? undefined : chosen !== 0 ? y.values[i] : n.values[i];
  });
  return { dims: places.dims, values, integer: yes.integer && no.integer };
}
