import { test } from 'tap';
import { entropyOf, softmax } from './softmax.js';

test('softmax and entropy of a known vector', async (t) => {
  const { label, probabilities, entropy } = softmax(Float32Array.of(Math.log(1), Math.log(2), Math.log(5)));
  t.equal(label, 2);
  [0.125, 0.25, 0.625].forEach((p, i) => {
    t.ok(Math.abs((probabilities[i] as number) - p) < 1e-7);
  });
  t.ok(Math.abs(entropy - entropyOf([0.125, 0.25, 0.625])) < 1e-7);
});

test('equal logits: entropy ln C, and the first of equals', async (t) => {
  const { label, entropy } = softmax(new Float32Array(10).fill(3));
  t.equal(label, 0);
  t.ok(Math.abs(entropy - Math.log(10)) < 1e-12);
});

test('large logits do not overflow', async (t) => {
  const { probabilities, entropy } = softmax(Float32Array.of(3e38, -3e38, 0));
  t.same([...probabilities], [1, 0, 0]);
  t.equal(entropy, 0);
});

test('a very sure prediction keeps an entropy above 0', async (t) => {
  // p of the second is exp(-60): 1 - p rounds to 1, H = 60 exp(-60) + exp(-60).
  const { entropy } = softmax(Float32Array.of(60, 0));
  t.ok(Math.abs(entropy / (61 * Math.exp(-60)) - 1) < 1e-12);
});
