import { parseArgs } from 'node:util';
import {
  ADAPTATION_DEFAULTS,
  batchOf,
  distillationLoss,
  entropyLoss,
  TARGET_LOGITS,
  TrainingSession,
} from '@renorm/cloud/internal';
import { parseModel, readParameters, trainingModel } from '@renorm/onnx';
import { benchImages, benchModel } from './bench-models.js';
import { inTurn, median, ratioText, timed } from './measure.js';
import { startTorchStep } from './torch-step.js';

const ROUNDS = 15;
const WARMUP = 3;
const CLASSES = 10;

/** A training step of ours against the same step in PyTorch eager with autograd, in turn, with the same threads. */
export async function runStepBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      python: { type: 'string', default: process.env.RENORM_PYTHON ?? 'python3' },
      threads: { type: 'string', multiple: true, default: ['1', '2'] },
    },
  });
  console.log(
    'Training step: forward, loss, gradients of gamma and beta, batch statistics. Ours: onnxruntime-node. Theirs: PyTorch eager, autograd.\n',
  );
  console.log(
    '| model | batch | threads | batch renormalisation in PyTorch | ours | PyTorch | ours / PyTorch | target |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  const version = new Set<string>();
  for (const [model, batch] of [['edge', 128] as const, ['foundation', 32] as const]) {
    for (const threads of values.threads.map(Number)) {
      for (const layer of ['elementary', 'fused'] as const) {
        const ours = await ourStep(model, batch, threads);
        const theirs = await startTorchStep({ python: values.python, model, batch, threads, layer });
        const pairs = await inTurn(() => timed(ours.run), theirs.run, ROUNDS, WARMUP);
        theirs.end();
        await ours.release();
        version.add(theirs.version);
        const times = `${median(pairs.a).toFixed(1)} ms | ${median(pairs.b).toFixed(1)} ms, ${theirs.format}`;
        const target = model === 'edge' && layer === 'elementary' ? '0.70' : '';
        console.log(`| ${model} | ${batch} | ${threads} | ${layer} | ${times} | ${ratioText(pairs)} | ${target} |`);
      }
    }
  }
  console.log(`\nPyTorch ${[...version].join(', ')}, each in the faster of both memory formats.`);
}

async function ourStep(name: 'edge' | 'foundation', batch: number, threads: number) {
  const file = await benchModel(name);
  const model = parseModel(file.bytes, file.name);
  const loss =
    name === 'edge' ? distillationLoss(CLASSES, ADAPTATION_DEFAULTS) : entropyLoss(CLASSES, ADAPTATION_DEFAULTS);
  const session = await TrainingSession.create(trainingModel(model, loss), [1, 28, 28], { threads });
  const parameters = readParameters(model);
  const images = batchOf((await benchImages(batch)).map((data) => ({ data })));
  const logits = Float32Array.from({ length: batch * CLASSES }, (_, i) => 3 * Math.sin(i * 12.9898));
  const targets = name === 'edge' ? new Map([[TARGET_LOGITS, logits]]) : undefined;
  return { run: () => session.run(parameters, images, targets), release: () => session.release() };
}
