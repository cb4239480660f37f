import { runAccuracyBench } from './accuracy.js';
import { runDeltaBench } from './delta/delta.js';
import { runDeviceBench } from './device.js';
import { runGatewayBench } from './gateway.js';
import { runProfileBench } from './profile.js';
import { runRobustBench } from './robust/robust.js';
import { runSamplesBench } from './samples.js';
import { runScheduleBench } from './schedule.js';
import { runSketchesBench } from './sketches.js';
import { runStepBench } from './step.js';
import { runZooBench } from './zoo/zoo.js';

/** `pnpm bench`: what there is to measure. */
const BENCHES = {
  step: {
    about: 'a training step against PyTorch eager, same threads (needs a Python with PyTorch: --python)',
    run: runStepBench,
  },
  zoo: {
    about:
      'training steps of models that people use against PyTorch and inference: time, memory, building (--python, --models, --only, --threads)',
    run: runZooBench,
  },
  profile: {
    about: 'where the time of a training step goes, by operator (--model, --batch, --threads)',
    run: runProfileBench,
  },
  device: { about: 'one prediction through the library against bare onnxruntime (--sketches)', run: runDeviceBench },
  gateway: { about: "an upload's round trip while the cloud trains, against idle", run: runGatewayBench },
  schedule: { about: 'steps per second beside 10,000 idle cohorts, against beside one', run: runScheduleBench },
  delta: {
    about:
      'bytes, accuracy and time of versions against float16, gzip and AMS (--each, --corruption, --images, --divergence)',
    run: runDeltaBench,
  },
  samples: {
    about: 'bytes of a sample in each form, and the accuracy of what is learnt from it (--corruption, --images)',
    run: runSamplesBench,
  },
  accuracy: {
    about:
      'accuracy, uploads and bytes of every method under 15 corruptions (about 15 minutes; --corruption, --images, --severity)',
    run: runAccuracyBench,
  },
  sketches: {
    about:
      'accuracy and bytes with sketches alone, with uploads, and with both (--corruption, --images, --severity, --every, --window)',
    run: runSketchesBench,
  },
  robust: {
    about:
      'what out-of-range samples and hostile devices cost the others (--strategy, --environment, --seeds, --only, --no-gate)',
    run: runRobustBench,
  },
} as const;

async function main([name, ...args]: string[]): Promise<void> {
  const bench = Object.hasOwn(BENCHES, name ?? '') ? BENCHES[name as keyof typeof BENCHES] : undefined;
  if (bench !== undefined) return bench.run(args);
  if (name !== undefined) console.error(`There is no benchmark "${name}".\n`);
  console.log('pnpm bench <name>\n');
  for (const [each, { about }] of Object.entries(BENCHES)) console.log(`  ${each.padEnd(10)}${about}`);
  process.exitCode = name === undefined ? 0 : 1;
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
