import { test } from 'tap';
import { chooseFrom, disagreement, type Judged } from './candidates.js';

const MARGIN = { margin: 0.01, sourceMargin: 0.1 };
const sure = (best: number, p = 0.97): Float64Array =>
  Float64Array.from({ length: 4 }, (_, c) => (c === best ? p : (1 - p) / 3));
const weights = new Float64Array(8).fill(1);
const teacher = [0, 1, 2, 3, 0, 1, 2, 3].map((best) => sure(best));

const judged = (name: Judged['name'], classes: readonly number[], p?: number): Judged => ({
  ...{ name, parameters: new Map() },
  predicted: classes.map((best) => sure(best, p)),
});
const source = judged('source', [0, 1, 2, 3, 1, 2, 3, 0]);

test('who agrees more with the teacher is chosen', async (t) => {
  const better = judged('statistics', [0, 1, 2, 3, 0, 1, 2, 0]);
  t.equal(chooseFrom([source, better], teacher, weights, MARGIN).name, 'statistics');
});

test('where all agree alike, the source is', async (t) => {
  const same = judged('distilled', [0, 1, 2, 3, 1, 2, 3, 0]);
  t.equal(chooseFrom([source, same], teacher, weights, MARGIN).name, 'source');
});

test('a candidate that says one class of nearly everything is not chosen', async (t) => {
  const one = judged('distilled', [0, 0, 0, 0, 0, 0, 0, 0]);
  const wrong = judged('source', [1, 2, 3, 0, 1, 2, 3, 0]);
  t.equal(chooseFrom([wrong, one], teacher, weights, MARGIN).name, 'source');
});

test('what the teacher is unsure of, and what has no weight, does not count', async (t) => {
  const unsure = [...teacher.slice(0, 7), sure(3, 0.25)];
  const candidate = judged('half', [0, 1, 2, 3, 0, 1, 2, 0]).predicted;
  t.ok(disagreement(candidate, unsure, weights) < disagreement(candidate, teacher, weights) - 0.1);
  const last = Float64Array.of(1, 1, 1, 1, 1, 1, 1, 0);
  t.ok(disagreement(candidate, teacher, last) < 0.05);
});
