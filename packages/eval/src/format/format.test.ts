import { test } from 'tap';
import { formatBytes, formatDuration, formatPercent, formatPoints } from './format.js';

test('numbers as people read them', async (t) => {
  t.same([0, 999, 1000, 12_345, 1_234_567, 999_999].map(formatBytes), [
    '0 B',
    '999 B',
    '1.00 kB',
    '12.3 kB',
    '1.23 MB',
    '1.00 MB',
  ]);
  t.same([0, 59.6, 187].map(formatDuration), ['0:00', '1:00', '3:07']);
  t.same([0.7134, Number.NaN].map(formatPercent), ['71.3%', '–']);
  t.same([0.1822, -0.05, -0.0001, 0].map(formatPoints), ['+18.2', '−5.0', '+0.0', '+0.0']);
});
