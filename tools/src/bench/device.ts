import { parseArgs } from 'node:util';
import { openDevice } from '@renorm/edge/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { repositoryPath } from '../repository.js';
import { benchImages } from './bench-models.js';
import { inTurn, median, quantile, ratioText, timed } from './measure.js';

/**
 * Two ways to take turns, because they do not agree: what is measured in turn with other work finds its caches and its
 * core cold.
 */
const TURNS = [
  { name: 'call by call', rounds: 2000, warmup: 200, calls: 1 },
  { name: 'blocks of 25, back to back', rounds: 100, warmup: 10, calls: 25 },
] as const;

/**
 * Latency of one prediction through the library against bare onnxruntime with the same model and threads, batch 1, in
 * turn.
 */
export async function runDeviceBench(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { sketches: { type: 'boolean', default: false } } });
  const model = repositoryPath('models/fashion-edge.onnx');
  const images = await benchImages(256);
  const bare = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    // Word for word what a device takes: packages/edge/src/node/session-options.ts.
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    extra: {
      session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' }, x64quantprecision: '1' },
    },
  });
  // No cloud listens there: the device predicts all the same, and its attempts to connect are part of what is measured.
  const device = await openDevice({
    model,
    cloud: '127.0.0.1:1',
    cohort: 'bench',
    threads: 1,
    ...(values.sketches && { sketches: {} }),
  });
  let turn = 0;
  const image = (): Float32Array => images[turn++ % images.length] as Float32Array;
  console.log('Latency of one prediction, batch 1, 1 thread, both sides in turn. Target of the ratio: 1.05.\n');
  console.log(
    '| in turn | device.infer: median | 99th percentile | bare onnxruntime-node: median | 99th percentile | ratio |',
  );
  console.log('|---|---|---|---|---|---|');
  for (const { name, rounds, warmup, calls } of TURNS) {
    const latencies: { device: number[]; bare: number[] } = { device: [], bare: [] };
    let counted = -warmup;
    const block = async (times: number[], predict: () => Promise<unknown>): Promise<number> => {
      const own: number[] = [];
      for (let i = 0; i < calls; i++) own.push(await timed(predict));
      if (counted >= 0) times.push(...own);
      return median(own);
    };
    const pairs = await inTurn(
      () => block(latencies.device, () => device.infer(image())),
      async () => {
        const ms = await block(latencies.bare, () =>
          bare.run({ images: new Tensor('float32', image(), [1, 1, 28, 28]) }),
        );
        counted++;
        return ms;
      },
      rounds,
      warmup,
    );
    const cells = [latencies.device, latencies.bare].flatMap((times) => [median(times), quantile(times, 0.99)]);
    console.log(`| ${name} | ${cells.map((ms) => `${ms.toFixed(3)} ms`).join(' | ')} | ${ratioText(pairs)} |`);
  }
  await device.close();
  await bare.release();
}
