import { test } from 'tap';
import { operatorTimes, type ProfileEvent } from './profile-table.js';

const run = (ts: number, dur: number): ProfileEvent => ({ cat: 'Session', name: 'model_run', ts, dur });
const node = (operator: string, ts: number, dur: number): ProfileEvent => ({
  cat: 'Node',
  name: `${operator}_kernel_time`,
  ts,
  dur,
  args: { op_name: operator },
});

test('times are of one run, the most expensive operator first, and warm-up runs do not count', async (t) => {
  const events = [
    run(0, 90_000),
    node('Conv', 10, 80_000),
    run(100_000, 5000),
    node('Relu', 100_001, 1000),
    node('Conv', 100_002, 3000),
    run(200_000, 5000),
    node('Relu', 200_001, 1000),
    node('Conv', 200_002, 3000),
    { cat: 'Node', name: 'Conv_fence_before', ts: 200_003, dur: 7 },
  ];
  t.equal(
    operatorTimes(events, 1),
    [
      '| operator | nodes | ms | share |',
      '|---|---|---|---|',
      '| Conv | 1 | 3.0 | 75.0 % |',
      '| Relu | 1 | 1.0 | 25.0 % |',
      '| all operators | | 4.0 | |',
      '| whole run | | 5.0 | |',
    ].join('\n'),
  );
});
