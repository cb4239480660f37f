/** An entry of the file that onnxruntime's profiler writes. Times are in microseconds. */
export interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly ts: number;
  readonly args?: { readonly op_name?: string };
}

/**
 * Milliseconds of one run by operator as a Markdown table, the most expensive first. The first `warmup` runs do not
 * count.
 */
export function operatorTimes(events: readonly ProfileEvent[], warmup: number): string {
  const runs = events.filter(({ name }) => name === 'model_run').sort((a, b) => a.ts - b.ts);
  const counted = runs.slice(warmup);
  const from = counted[0]?.ts ?? 0;
  const byOperator = new Map<string, { calls: number; us: number }>();
  let total = 0;
  for (const { cat, name, dur, ts, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || ts < from) continue;
    const operator = args?.op_name ?? '?';
    const entry = byOperator.get(operator) ?? { calls: 0, us: 0 };
    byOperator.set(operator, { calls: entry.calls + 1, us: entry.us + dur });
    total += dur;
  }
  const rows = [...byOperator].sort(([, a], [, b]) => b.us - a.us);
  const ms = (us: number): string => (us / 1000 / counted.length).toFixed(1);
  const whole = counted.reduce((sum, { dur }) => sum + dur, 0);
  return [
    '| operator | nodes | ms | share |',
    '|---|---|---|---|',
    ...rows.map(
      ([operator, { calls, us }]) =>
        `| ${operator} | ${calls / counted.length} | ${ms(us)} | ${((100 * us) / total).toFixed(1)} % |`,
    ),
    `| all operators | | ${ms(total)} | |`,
    `| whole run | | ${ms(whole)} | |`,
  ].join('\n');
}
