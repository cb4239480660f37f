import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@renorm/protocol';
import { test } from 'tap';
import { type Block, formatScenario, parseScenario } from '../scenario-file.test-support.js';
import type { Observation } from '../selection-policy.js';
import { renorm } from './renorm.js';
import { resolveRenormSelection } from './renorm-options.js';

// What the selection does with a stream is written down in test/scenarios/selection, one story a file. RENORM_REWRITE=1
// writes them anew.

const folder = fileURLToPath(new URL('../../../../../test/scenarios/selection', import.meta.url));
const CLASSES = 10;

/** Plays streams against the policy. */
class Play {
  readonly #random = seededRandom(1);
  #policy = renorm();
  #state = this.#policy.initial(CLASSES);
  #seen = 0;

  /**
   * `open share=S`, or `see N entropy=H labels=any|K|A,B|runs:L [random=R]`.
   *
   * @returns how many were uploaded and why, and the longest gap between two
   */
  run(command: string): string {
    const [name = '', ...words] = command.split(/\s+/);
    const options = Object.fromEntries(words.map((word) => word.split('=') as [string, string]));
    if (name === 'open') {
      const { share } = options;
      this.#policy = renorm(share === undefined ? {} : { share: Number(share) });
      this.#state = this.#policy.initial(CLASSES);
      return '';
    }
    if (name !== 'see') throw new Error(`a scenario knows no command ${name}`);
    const counts: Record<string, number> = {};
    let [gap, longest] = [0, 0];
    for (let i = 0; i < Number(words[0]); i++) {
      const { state, reason, upload } = this.#policy.decide(this.#state, this.#observe(options));
      this.#state = state;
      gap = upload === undefined ? gap + 1 : 0;
      longest = Math.max(longest, gap);
      if (upload !== undefined) counts[reason] = (counts[reason] ?? 0) + 1;
    }
    const uploads = ['burst', 'random', 'uncertain'].flatMap((reason) =>
      counts[reason] === undefined ? [] : [`${reason} ${counts[reason]}`],
    );
    return [...uploads, `longest gap ${longest}`, `saved ${this.#state.budget.tokens.toFixed(1)}`].join(', ');
  }

  #observe({ entropy = '0.3', labels = 'any', random }: Readonly<Record<string, string>>): Observation {
    const drawn = this.#random;
    const label = this.#label(labels);
    const probabilities = new Float32Array(CLASSES).fill(0.02);
    probabilities[label] = 0.82;
    return {
      ...{ probabilities, logits: probabilities.map(Math.log), version: 0 },
      // Uniform around the mean that was asked for.
      entropy: Number(entropy) * 2 * drawn(),
      random: random === undefined ? drawn() : Number(random),
    };
  }

  #label(labels: string): number {
    const [kind = '', length] = labels.split(':');
    const at = this.#seen++;
    if (kind === 'any') return Math.floor(CLASSES * this.#random());
    if (kind === 'runs') return Math.floor(at / Number(length)) % CLASSES;
    const some = kind.split(',');
    return Number(some[Math.floor(some.length * this.#random())]);
  }
}

for (const file of readdirSync(folder)) {
  test(`selection ${file}`, async (t) => {
    const path = join(folder, file);
    const play = new Play();
    const played: Block[] = [];
    for (const block of parseScenario(readFileSync(path, 'utf8'))) {
      const expected = block.command === '' ? '' : play.run(block.command);
      if (process.env.RENORM_REWRITE === undefined) t.equal(expected, block.expected, block.command);
      played.push({ ...block, expected });
    }
    if (process.env.RENORM_REWRITE !== undefined) writeFileSync(path, formatScenario(played));
    t.pass('played');
  });
}

const observation = (random: number, entropy: number, label = 0): Observation => {
  const probabilities = new Float32Array(CLASSES).fill(0.01);
  probabilities[label] = 0.91;
  return { probabilities, logits: probabilities, version: 0, entropy, random };
};

/** Uploads of a stream, as the policy decides. */
function play(share: number, count: number, next: (i: number) => Observation): number[] {
  const policy = renorm({ share });
  let state = policy.initial(CLASSES);
  const at: number[] = [];
  for (let i = 0; i < count; i++) {
    const decision = policy.decide(state, next(i));
    state = decision.state;
    if (decision.upload !== undefined) at.push(i);
  }
  return at;
}

test('no stream ends the uploads, and none uploads more than its share, a burst and 16', async (t) => {
  const random = seededRandom(7);
  const streams: Record<string, (i: number) => Observation> = {
    'never drawn, always sure': () => observation(0.999999, 0),
    'never drawn, ever surer': (i) => observation(0.999999, 2 / (1 + i)),
    'never drawn, ever less sure': (i) => observation(0.999999, i / 1000),
    'always drawn': (i) => observation(0, random(), i % CLASSES),
    'another world every 40 predictions': (i) =>
      observation(random(), Math.floor(i / 40) % 2, Math.floor(i / 40) % CLASSES),
  };
  for (const share of [0.02, 0.1, 0.5]) {
    const burst = resolveRenormSelection({ share }).burst;
    for (const [name, next] of Object.entries(streams)) {
      const at = play(share, 2000, next);
      const gaps = at.map((position, k) => position - (at[k - 1] ?? 0));
      // Half of the share, half of it drawn at random, three times the mean gap at most.
      t.ok(Math.max(...gaps, 2000 - (at.at(-1) ?? 0)) <= Math.ceil(12 / share), `${name}, ${share}: gaps`);
      if (name === 'always drawn') continue;
      t.ok(at.length <= share * 2000 + burst + 16, `${name}, ${share}: ${at.length} uploads`);
    }
  }
});

test('what is drawn at random is a fair sample: sure and unsure alike', async (t) => {
  const policy = renorm();
  let state = policy.initial(CLASSES);
  const random = seededRandom(3);
  let [unsure, drawn] = [0, 0];
  for (let i = 0; i < 8000; i++) {
    const entropy = random() < 0.3 ? 2 : 0.1;
    const decision = policy.decide(state, observation(random(), entropy, i % CLASSES));
    state = decision.state;
    if (decision.reason !== 'random') continue;
    drawn++;
    unsure += entropy === 2 ? 1 : 0;
  }
  t.ok(drawn > 250, `${drawn}`);
  t.ok(Math.abs(unsure / drawn - 0.3) < 0.08, `${unsure} of ${drawn}`);
});

test('what the first versions change is no shift; what changes later is, without one', async (t) => {
  const bursts = (version: (i: number) => number, label: (i: number) => number): number => {
    const policy = renorm();
    let state = policy.initial(CLASSES);
    let count = 0;
    for (let i = 0; i < 600; i++) {
      const decision = policy.decide(state, { ...observation(0.9, 0.2, label(i)), version: version(i) });
      state = decision.state;
      count += decision.reason === 'burst' ? 1 : 0;
    }
    return count;
  };
  // In fog a model puts everything into one class, and version 1 tells the classes apart.
  const label = (from: number) => (i: number) => (i < from ? 3 : i % CLASSES);
  t.equal(
    bursts((i) => (i < 60 ? 0 : 1), label(60)),
    44,
  );
  t.ok(bursts(() => 0, label(60)) > 44);
  t.ok(bursts(() => 0, label(400)) > 44);
});

test('the least sure are taken of all classes, where one is always hard', async (t) => {
  const policy = renorm();
  let state = policy.initial(CLASSES);
  const random = seededRandom(5);
  const byClass = new Float64Array(CLASSES);
  for (let i = 0; i < 6000; i++) {
    const label = i % CLASSES;
    const decision = policy.decide(state, observation(random(), (label === 3 ? 1.2 : 0.6) * random(), label));
    state = decision.state;
    if (decision.reason === 'uncertain') byClass[label] = (byClass[label] as number) + 1;
  }
  const total = byClass.reduce((sum, count) => sum + count, 0);
  t.ok((byClass[3] as number) > total / 10, 'the hard class the most');
  t.ok((byClass[3] as number) < total / 2, `${byClass}`);
});

test('a prediction that is not finite is left out, and forgotten', async (t) => {
  const policy = renorm();
  const state = policy.initial(CLASSES);
  t.same(policy.decide(state, observation(0, Number.NaN)), { state, reason: 'not-finite' });
});

test('options that mean nothing are refused by name', async (t) => {
  const refuse = (options: object, message: RegExp): void => {
    t.throws(() => renorm(options).initial(2), { code: 'REQUEST_INVALID', message });
  };
  refuse({ share: 0 }, /share is 0; .* 'nothing'/);
  refuse({ share: 1.5 }, /share is 1.5/);
  refuse({ burst: 0.5 }, /burst is 0.5/);
  refuse({ unbiased: -1 }, /unbiased is -1/);
  t.equal(resolveRenormSelection({ share: 0.05 }).burst, 22, 'a burst is what 440 predictions earn');
  t.equal(resolveRenormSelection({ share: 0.001 }).burst, 12, 'and a first version at least');
});
