import { test } from 'tap';
import {
  initialSelection,
  isRedundant,
  isUninformative,
  isUnreliable,
  observeEntropy,
  rememberKept,
  type SelectionState,
  select,
  unreliableThreshold,
} from './cema.js';
import { selectionDefaults } from './cema-options.js';

// Chen et al., "Towards Robust and Efficient Cloud-Edge Elastic Model Adaptation via Selective Entropy Distillation",
// ICLR 2024 (arXiv 2402.17316), section "Selective sample uploading", and Niu et al. (EATA), arXiv 2204.02610, for
// redundancy.

const LN10 = Math.log(10);
const after = (state: SelectionState, entropies: readonly number[]): SelectionState =>
  entropies.reduce(observeEntropy, state);

test('"unreliable": x is dropped when H(x) >= E_max, E_max starts at 0.4 ln C', async (t) => {
  const state = initialSelection(10);
  t.equal(unreliableThreshold(state), 0.4 * LN10);
  t.ok(isUnreliable(state, 0.4 * LN10), 'at the threshold');
  t.notOk(isUnreliable(state, 0.4 * LN10 - 1e-9), 'just below');
  t.equal(unreliableThreshold(initialSelection(1000)), 0.4 * Math.log(1000), 'C is the number of classes');
});

test('E_max stays at 0.4 ln C until the warm-up ends', async (t) => {
  const state = after(initialSelection(10, { warmupSamples: 4, unreliableScale: 0.7 }), [0.1, 2, 0.5]);
  t.equal(unreliableThreshold(state), 0.4 * LN10);
});

test('then E_max(t) = lambda * 0.4 ln C * Hbar(t) / Hbar(warm)', async (t) => {
  const warm = after(initialSelection(10, { warmupSamples: 4, unreliableScale: 0.7 }), [0.1, 0.2, 0.3, 0.2]);
  t.ok(
    Math.abs(unreliableThreshold(warm) - 0.7 * 0.4 * LN10) < 1e-12,
    'at the end of the warm-up Hbar(t) = Hbar(warm)',
  );
  const later = after(warm, [1.2, 1.2, 1.2, 1.2]);
  // Hbar(warm) = 0.8 / 4 = 0.2, Hbar(8) = (0.8 + 4.8) / 8 = 0.7.
  t.ok(Math.abs(unreliableThreshold(later) - 0.7 * 0.4 * LN10 * (0.7 / 0.2)) < 1e-12);
});

test('lambda is applied once and does not compound', async (t) => {
  const steady = after(
    initialSelection(10, { warmupSamples: 2, unreliableScale: 0.6 }),
    Array.from({ length: 1000 }, () => 0.3),
  );
  t.ok(Math.abs(unreliableThreshold(steady) - 0.6 * 0.4 * LN10) < 1e-9, 'after 1,000 samples of the same entropy');
});

test('Hbar counts every sample, also those that are dropped', async (t) => {
  let state = initialSelection(3);
  for (const p of [
    [1 / 3, 1 / 3, 1 / 3],
    [1, 0, 0],
  ]) {
    state = select(state, p).state;
  }
  t.ok(Math.abs(state.meanEntropy - Math.log(3) / 2) < 1e-12);
  t.equal(state.keptMean, undefined, 'both were dropped');
});

test('"low-informative": x is dropped when H(x) <= E_min = 0.02 ln C', async (t) => {
  const state = initialSelection(10);
  t.ok(isUninformative(state, 0.02 * LN10), 'at the threshold');
  t.notOk(isUninformative(state, 0.02 * LN10 + 1e-9), 'just above');
});

test('"redundant": x is dropped when the cosine similarity to the mean of the kept is >= the margin', async (t) => {
  const state = rememberKept(initialSelection(3, { redundancyMargin: 0.6 }), [1, 0, 0]);
  t.ok(isRedundant(state, [0.6, 0.8, 0]), 'cosine 0.6, at the margin');
  t.notOk(isRedundant(state, [0.5999, 0.8, 0]), 'just below');
  t.notOk(isRedundant(initialSelection(3), [1, 0, 0]), 'nothing has been kept yet');
});

test('the mean of the kept moves by mean(t) = 0.9 mean(t-1) + 0.1 p; the first is the first mean', async (t) => {
  const first = rememberKept(initialSelection(2), [0.8, 0.2]);
  t.same([...(first.keptMean ?? [])], [0.8, 0.2]);
  const second = rememberKept(first, [0.2, 0.8]);
  t.ok(Math.abs((second.keptMean?.[0] ?? 0) - (0.9 * 0.8 + 0.1 * 0.2)) < 1e-15);
});

test('EATA: the margin is 0.05, and 0.4 on tasks of up to 10 classes', async (t) => {
  t.equal(selectionDefaults(10).redundancyMargin, 0.4);
  t.equal(selectionDefaults(11).redundancyMargin, 0.05);
});

test('the criteria apply in order: unreliable, uninformative, redundant; what is left is kept', async (t) => {
  const reason = (state: SelectionState, p: readonly number[]) => select(state, p).reason;
  const start = initialSelection(10);
  const uniform = Array.from({ length: 10 }, () => 0.1);
  const peaked = (label: number, p: number) => uniform.map((_, i) => (i === label ? p : (1 - p) / 9));
  t.equal(reason(start, uniform), 'unreliable');
  t.equal(reason(start, peaked(0, 0.9999)), 'uninformative');
  const kept = select(start, peaked(0, 0.9));
  t.same([kept.keep, kept.reason], [true, 'kept']);
  t.equal(reason(kept.state, peaked(0, 0.9)), 'redundant');
  t.equal(reason(kept.state, peaked(1, 0.9)), 'kept', 'another class points elsewhere');
});

test('a dropped sample does not move the mean of the kept', async (t) => {
  const kept = select(initialSelection(10), [0.9, ...Array.from({ length: 9 }, () => 0.1 / 9)]);
  const again = select(kept.state, [0.9, ...Array.from({ length: 9 }, () => 0.1 / 9)]);
  t.equal(again.reason, 'redundant');
  t.equal(again.state.keptMean, kept.state.keptMean);
});
