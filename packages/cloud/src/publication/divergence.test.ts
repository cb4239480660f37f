import { test } from 'tap';
import { symmetricDivergence } from './divergence.js';

test('the symmetric divergence of two coins is that of the formula', async (t) => {
  // p = (3/4, 1/4), q = (1/2, 1/2): (p1 - q1)(ln p1 - ln q1) + (p2 - q2)(ln p2 - ln q2) = (ln 3) / 4.
  const p = Float32Array.of(Math.log(3), 0, 7, 7);
  const q = Float32Array.of(5, 5, 0, 0);
  t.ok(Math.abs(symmetricDivergence(p, q, 2) - Math.log(3) / 8) < 1e-6, 'mean of that and 0');
  t.equal(symmetricDivergence(p, q, 2), symmetricDivergence(q, p, 2));
  t.equal(symmetricDivergence(p, p, 2), 0);
  t.ok(Number.isFinite(symmetricDivergence(Float32Array.of(500, -500), Float32Array.of(-500, 500), 2)));
});
