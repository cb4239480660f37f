import { createHash } from 'node:crypto';
import { test } from 'tap';
import { type Loss, parseModel, readParameters, type TrainingModel, trainingModel } from './index.js';
import { modelFile, testImages } from './testing/fixtures.js';
import { distillation, entropy } from './testing/losses.js';
import { distance, type Feed, outputOf, run, vectors } from './testing/runtime.js';

/** What models/train/gradients.py writes. */
interface Recording {
  readonly model: string;
  readonly modelDigest: string;
  readonly images: { readonly first: number; readonly count: number };
  readonly losses: readonly {
    readonly loss: 'entropy' | 'distillation';
    readonly ceiling: number;
    readonly value: number;
    readonly gradients: Readonly<Record<string, readonly number[]>>;
    readonly statistics: Readonly<Record<string, readonly number[]>>;
    readonly targets?: readonly (readonly number[])[];
  }[];
}

/** Of the largest value of a tensor. */
const TOLERANCE = 1e-4;

/** Compares one kind of output, tensor by tensor, and says what the worst was. */
function compare(
  t: Pick<typeof import('tap'), 'ok' | 'same' | 'comment'>,
  results: ReadonlyMap<string, Float32Array>,
  names: ReadonlyMap<string, string>,
  expected: Readonly<Record<string, readonly number[]>>,
): void {
  t.same([...names.keys()].sort(), Object.keys(expected).sort(), 'every tensor has its counterpart');
  const apart = Object.entries(expected).map(([key, values]) => ({
    key,
    distance: distance(outputOf(results, names.get(key) ?? ''), values),
  }));
  for (const { key, distance: d } of apart) t.ok(d <= TOLERANCE, `${key}: ${d}`);
  const worst = apart.reduce((a, b) => (b.distance > a.distance ? b : a));
  t.comment(`worst of ${apart.length}: ${worst.key} ${worst.distance.toExponential(1)}`);
}

for (const which of ['edge', 'foundation']) {
  const recording = JSON.parse(modelFile(`gradients/${which}.json`).toString()) as Recording;
  const bytes = modelFile(recording.model);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const fresh = digest === recording.modelDigest;

  test(`${which}: the recording belongs to the model`, async (t) => {
    t.ok(fresh, `${recording.model} has changed since: run \`python gradients.py\` in models/train`);
  });

  for (const { loss, ceiling, value, gradients, statistics, targets } of fresh ? recording.losses : []) {
    test(`${which}: value, gradients and statistics of the ${loss} loss are PyTorch's`, async (t) => {
      const model = parseModel(bytes, recording.model);
      const formula: Loss = loss === 'entropy' ? entropy(ceiling) : distillation(ceiling);
      const training: TrainingModel = trainingModel(model, formula);
      const { first, count } = recording.images;
      const feeds = new Map<string, Feed>([
        [training.input, testImages(first, count)],
        ...vectors(readParameters(model)),
      ]);
      if (targets !== undefined) {
        feeds.set('targets', { data: Float32Array.from(targets.flat()), dims: [count, targets[0]?.length ?? 0] });
      }
      const results = await run(training.bytes, feeds);
      t.ok(distance(outputOf(results, training.loss), [value]) <= TOLERANCE, 'the loss');
      compare(t, results, training.gradients, gradients);
      compare(t, results, training.statistics, statistics);
    });
  }
}
