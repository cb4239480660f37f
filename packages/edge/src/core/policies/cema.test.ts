import { test } from 'tap';
import { initialSelection, select } from './cema.js';
import { resolveSelectionOptions } from './cema-options.js';

test('select is pure: the old state goes on unchanged', async (t) => {
  const state = initialSelection(2);
  const before = structuredClone(state);
  const one = select(state, [0.95, 0.05]);
  const two = select(state, [0.95, 0.05]);
  t.same(state, before);
  t.same(one, two);
});

test('an entropy that is not finite is dropped and forgotten', async (t) => {
  const state = initialSelection(2);
  const { keep, reason, state: next } = select(state, [NaN, NaN]);
  t.same({ keep, reason, next }, { keep: false, reason: 'unreliable', next: state });
});

test('a warm-up without any entropy leaves the threshold where it is', async (t) => {
  const warm = select(initialSelection(2, { warmupSamples: 1 }), [1, 0]).state;
  t.equal(select(warm, [0.95, 0.05]).reason, 'kept');
});

test('options that mean nothing are refused by name', async (t) => {
  const invalid = (options: object, message: RegExp): void => {
    t.throws(() => resolveSelectionOptions(10, options), { code: 'REQUEST_INVALID', message });
  };
  invalid({ unreliableEntropy: NaN }, /unreliableEntropy is NaN/);
  invalid({ warmupSamples: 0 }, /warmupSamples is 0; it has to be an integer from 1/);
  invalid({ redundancyMomentum: 1 }, /redundancyMomentum/);
  invalid({ unreliableScale: 0 }, /unreliableScale/);
  invalid({ uninformativeEntropy: '0.1' }, /uninformativeEntropy/);
  t.equal(
    resolveSelectionOptions(10, { warmupSamples: undefined as unknown as number }).warmupSamples,
    128,
    'undefined means the default',
  );
});
