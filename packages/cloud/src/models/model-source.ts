import type { PrepareOptions } from '@renorm/onnx';
import type { Preprocessing } from '@renorm/protocol';
import type { FoundPreprocessing } from '@renorm/protocol/node';

/** An ONNX file with the name that messages call it. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What it does not say of itself. */
  readonly options?: PrepareOptions;
  /** How an image becomes its input; needed where edge and foundation model take other samples. */
  readonly preprocessing?: Preprocessing;
  /** What a file beside it says of that, where nobody said it. */
  readonly beside?: FoundPreprocessing;
  /** Names of its classes, in the order of their indices. */
  readonly labels?: readonly string[];
  /**
   * Of a foundation model: for each class of the edge model its index; or names as in `labels`, which those of the edge
   * model are looked for in.
   */
  readonly classes?: readonly number[] | readonly string[];
}
