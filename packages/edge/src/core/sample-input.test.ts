import { test } from 'tap';
import { SampleChecker } from './sample-input.js';

const checker = new SampleChecker([1, 2, 2]);

test('values are passed on as they are', async (t) => {
  const data = Float32Array.of(1, 2, 3, 4);
  t.equal(checker.check(data), data);
  t.equal(checker.check({ data, shape: [1, 2, 2] }), data);
});

test('another length or shape is refused, saying both', async (t) => {
  t.throws(() => checker.check(new Float32Array(3)), {
    code: 'SAMPLE_INVALID',
    message: /3 values, the model takes \[1,2,2\], which is 4/,
  });
  t.throws(() => checker.check({ data: new Float32Array(4), shape: [2, 2, 1] }), {
    message: /shape \[2,2,1\], the model takes \[1,2,2\]/,
  });
  t.throws(() => checker.check({ data: new Float32Array(3), shape: [1, 2, 2] }), { message: /3 values/ });
});

test('a value that is not finite is refused, saying where', async (t) => {
  t.throws(() => checker.check(Float32Array.of(0, 0, NaN, 0)), { code: 'SAMPLE_INVALID', message: /NaN at index 2/ });
  t.throws(() => checker.check(Float32Array.of(0, -Infinity, NaN, 0)), { message: /-Infinity at index 1/ });
  t.throws(() => checker.check(Float32Array.of(Infinity, -Infinity, 0, 0)), { message: /Infinity at index 0/ });
});

test('something else altogether is refused', async (t) => {
  for (const input of [
    undefined,
    null,
    [1, 2, 3, 4],
    new Float64Array(4),
    {},
    { data: [1, 2, 3, 4], shape: [1, 2, 2] },
  ]) {
    t.throws(() => checker.check(input as unknown as Float32Array), { code: 'SAMPLE_INVALID' });
  }
});
