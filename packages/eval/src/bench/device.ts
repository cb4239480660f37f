import { openDevice } from '@renorm/edge/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { benchImages, repositoryPath } from './bench-models.js';
import { inTurn, median, quantile, ratioText, timed } from './measure.js';

const ROUNDS = 3_000;
const WARMUP = 300;

/** Latency of one prediction through the library against bare onnxruntime with the same model and threads, batch 1, in turn. */
export async function runDeviceBench(): Promise<void> {
  const model = repositoryPath('models/fashion-edge.onnx');
  const images = await benchImages(256);
  const bare = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  // No cloud listens there: the device predicts all the same, and its attempts to connect are part of what is measured.
  const device = await openDevice({ model, cloud: '127.0.0.1:1', cohort: 'bench', threads: 1 });
  let turn = 0;
  const image = (): Float32Array => images[turn++ % images.length] as Float32Array;
  const pairs = await inTurn(
    () => timed(() => device.infer(image())),
    () => timed(() => bare.run({ images: new Tensor('float32', image(), [1, 1, 28, 28]) })),
    ROUNDS,
    WARMUP,
  );
  await device.close();
  const row = (name: string, times: readonly number[]): string =>
    `| ${name} | ${median(times).toFixed(3)} ms | ${quantile(times, 0.99).toFixed(3)} ms |`;
  console.log(`Latency of one prediction, batch 1, 1 thread, ${ROUNDS} predictions each in turn.\n`);
  console.log('| | median | 99th percentile |\n|---|---|---|');
  console.log(row('device.infer', pairs.a));
  console.log(row('bare onnxruntime-node', pairs.b));
  console.log(
    `\nMedian / median: ${(median(pairs.a) / median(pairs.b)).toFixed(3)}; by round: ${ratioText(pairs)}. Target: 1.05.`,
  );
}
