import { openDevice } from '@renorm/edge/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { benchImages, repositoryPath } from './bench-models.js';
import { inTurn, median, quantile, ratioText, timed } from './measure.js';

const BLOCKS = 100;
const WARMUP = 10;
/** Predictions in a block: a device that predicts back to back, as a busy one does. */
const BLOCK = 25;

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
  const latencies: { device: number[]; bare: number[] } = { device: [], bare: [] };
  const block = async (times: number[], predict: () => Promise<unknown>): Promise<number> => {
    const own: number[] = [];
    for (let i = 0; i < BLOCK; i++) own.push(await timed(predict));
    times.push(...own);
    return median(own);
  };
  const pairs = await inTurn(
    () => block(latencies.device, () => device.infer(image())),
    () => block(latencies.bare, () => bare.run({ images: new Tensor('float32', image(), [1, 1, 28, 28]) })),
    BLOCKS,
    WARMUP,
  );
  await device.close();
  const row = (name: string, times: readonly number[]): string =>
    `| ${name} | ${median(times).toFixed(3)} ms | ${quantile(times, 0.99).toFixed(3)} ms |`;
  console.log(
    `Latency of one prediction, batch 1, 1 thread: ${BLOCKS} blocks of ${BLOCK} predictions each, in turn.\n`,
  );
  console.log('| | median | 99th percentile |\n|---|---|---|');
  console.log(row('device.infer', latencies.device));
  console.log(row('bare onnxruntime-node', latencies.bare));
  console.log(`\nMedian of the ratios of neighbouring blocks: ${ratioText(pairs)}. Target: 1.05.`);
}
