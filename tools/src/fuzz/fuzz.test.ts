import { test } from 'tap';
import { inputOf } from './mutate.js';
import { LIMITS, runTarget } from './run.js';
import { TARGETS } from './targets.js';

/** Of the whole pass. `pnpm fuzz --inputs N` goes on from there. */
const INPUTS = 20_000;

/** A busy machine is no finding: only what hangs takes this long. */
const LENIENT = { ...LIMITS, seconds: 20 };

for (const { name, about } of TARGETS) {
  test(`${name}: damaged bytes are taken or refused with a code (${about})`, async (t) => {
    const inputs = Math.ceil(INPUTS / TARGETS.length);
    const summary = await runTarget({ target: name, inputs, seed: 1 }, LENIENT);
    t.same(
      summary.findings.map(({ why, bytes }) => `${why}\nas base64: ${Buffer.from(bytes).toString('base64')}`),
      [],
    );
    t.ok(summary.inputs >= inputs, 'every input was decoded');
    t.ok(summary.accepted > 0 && summary.accepted < summary.inputs, 'some were taken, some refused');
  });

  test(`${name}: every valid input is taken`, async (t) => {
    const { corpus, decode } = await TARGETS.find((target) => target.name === name)!.prepare();
    for (const [seed] of corpus.entries()) await decode(inputOf(corpus, { seed, other: 0, mutations: [] }));
    t.pass(`${corpus.length} inputs`);
  });
}
