import type { Batch, Models } from '@renorm/cloud/internal';
import { batchOf } from '@renorm/cloud/internal';
import type { LinkOptions } from './link.js';

/** What a method asks of those who would run it. */
export interface MethodNeeds {
  /** Batches of images on the device: it cannot answer one image before others have come. */
  readonly batches: boolean;
  /** Back propagation on the device. */
  readonly gradients: boolean;
  /** A cloud that samples are uploaded to. */
  readonly cloud: boolean;
  /** A foundation model. */
  readonly foundation: boolean;
  /** Some images of the data that the model was trained on. */
  readonly clean: boolean;
}

export const NEEDS_NOTHING: MethodNeeds = {
  batches: false,
  gradients: false,
  cloud: false,
  foundation: false,
  clean: false,
};

/** What a method is opened with. */
export interface MethodContext {
  readonly models: Models;
  /** Images per batch, for methods that need batches. */
  readonly batch: number;
  readonly link: LinkOptions;
  readonly seed: number;
  /** Names the stream, for what the cloud draws. */
  readonly cohort: string;
  /** Images as they are, of data under no corruption; none where the data have no such images. */
  cleanInputs(count: number): Promise<Float32Array[]>;
}

/** What a method did at one image. */
export interface MethodMoment {
  /** The prediction, one for each class. */
  readonly logits: Float32Array;
  /** Why its sample was uploaded; undefined where it was not. */
  readonly uploaded?: string;
  readonly bytesUp?: number;
  readonly bytesDown?: number;
  /** That made the prediction; where the method has versions. */
  readonly version?: number;
}

/** A method on one stream. It has seen nothing yet. */
export interface OpenedMethod {
  /** @returns one moment an image, in order */
  run(inputs: AsyncIterable<Float32Array>): AsyncIterable<MethodMoment>;
  close(): Promise<void>;
}

/** A method as it stands in the table. */
export interface EvalMethod {
  readonly about: string;
  /** Where it was published. */
  readonly paper: string;
  readonly needs: MethodNeeds;
  /** @throws OnnxError, RenormError: the models are not for it */
  open(context: MethodContext): Promise<OpenedMethod>;
}

/** A method that takes batches on the device. Whatever it remembers is in it. */
export interface Rival {
  /**
   * @returns float32 [count, classes], row-major: the predictions, made before or after it learnt, as its paper has it
   */
  step(batch: Batch): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A rival on a stream, batch after batch. */
export function inBatches(rival: Rival, batch: number): OpenedMethod {
  async function* predict(inputs: readonly Float32Array[]): AsyncGenerator<MethodMoment> {
    const logits = await rival.step(batchOf(inputs.map((data) => ({ data }))));
    const classes = logits.length / inputs.length;
    for (let i = 0; i < inputs.length; i++) yield { logits: logits.slice(i * classes, (i + 1) * classes) };
  }
  return {
    async *run(inputs) {
      let waiting: Float32Array[] = [];
      for await (const input of inputs) {
        waiting.push(input);
        if (waiting.length < batch) continue;
        yield* predict(waiting);
        waiting = [];
      }
      if (waiting.length > 0) yield* predict(waiting);
    },
    close: () => rival.close(),
  };
}
