import { InferenceSession, Tensor } from 'onnxruntime-node';

/** The model as exported, run on a whole chunk at once. It blocks its thread for the time of the chunk. */
export interface Unadapted {
  /** @param inputs images in the model's layout, all of one shape @returns the predicted class of each */
  predict(inputs: readonly Float32Array[]): Promise<number[]>;
  close(): Promise<void>;
}

/**
 * Opens a model for the comparison: no adaptation, one thread.
 * @param shape of one image, without the batch axis
 */
export async function openUnadapted(model: string, shape: readonly number[]): Promise<Unadapted> {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const [input = '', output = ''] = [session.inputNames[0], session.outputNames[0]];
  return {
    async predict(inputs) {
      const size = shape.reduce((product, length) => product * length, 1);
      const batch = new Float32Array(inputs.length * size);
      inputs.forEach((values, i) => void batch.set(values, i * size));
      const results = await session.run({ [input]: new Tensor('float32', batch, [inputs.length, ...shape]) });
      const logits = results[output]?.data;
      if (!(logits instanceof Float32Array)) throw new Error(`the model's output ${output} is not float32`);
      const classes = logits.length / inputs.length;
      return inputs.map((_, i) => argmax(logits.subarray(i * classes, (i + 1) * classes)));
    },
    close: () => session.release(),
  };
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}
