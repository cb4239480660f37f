import { test } from 'tap';
import { sparkline } from './sparkline.js';

test('a sparkline spans its range and leaves blank what is still to come', async (t) => {
  t.equal(sparkline([0, 0.5, 1], [0, 1], 3, 3), '▁▅█');
  t.equal(sparkline([0, 1], [0, 1], 4, 4), '▁█  ');
  t.equal(sparkline([0, 0, 1, 1], [0, 1], 2, 4), '▁█', 'values are averaged where there is less room');
  t.equal(sparkline([-1, 2], [0, 1], 2, 2), '▁█', 'values outside of the range stay inside the row');
  t.equal(sparkline([0, 1], [0, 1], 4, 2), '▁▁██', 'values repeat where there is more room');
});
