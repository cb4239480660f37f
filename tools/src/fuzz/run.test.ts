import { test } from 'tap';
import { TARGETS } from './faulty-targets.test-support.js';
import { LIMITS, runTarget } from './run.js';

const module = new URL('./faulty-targets.test-support.js', import.meta.url).href;

/** What the finding of each planted fault says. */
const SAYS: Readonly<Record<string, RegExp>> = {
  throws: /TypeError: x is undefined/,
  rejects: /RangeError: later/,
  hangs: /took more than 1 s/,
  'never-settles': /took more than 1 s/,
  exits: /the process ended: exit code 3/,
  dies: /the process ended: SIGSEGV/,
  'fills-the-heap': /the process ended: its heap is full|took more than 1 s|resident memory/,
  grows: /resident memory reached \d+ MB, above 512 MB/,
};

for (const { name } of TARGETS) {
  test(`a planted fault is found, with an input that shows it again: ${name}`, async (t) => {
    const { findings } = await runTarget({ target: name, module, inputs: 40, seed: 1 });
    const [finding] = findings;
    t.match(finding?.why, SAYS[name]);
    t.equal(findings.length, 1);
    t.notOk(
      finding?.bytes.every((byte) => byte === 7),
      'not the valid input',
    );
  });
}

test('what is taken and what is refused is no finding', async (t) => {
  const { findings, inputs } = await runTarget(
    { target: 'tokens-file', inputs: 500, seed: 2 },
    { ...LIMITS, seconds: 20 },
  );
  t.same([findings.length, inputs], [0, 500]);
});
