/** A share as a percentage with one decimal, as in '71.3%'; '–' if there is none. */
export function formatPercent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(1)}%` : '–';
}

/** A difference of two shares in percentage points, with its sign, as in '+18.2'. */
export function formatPoints(difference: number): string {
  const rounded = (Math.abs(difference) * 100).toFixed(1);
  return `${difference < 0 && rounded !== '0.0' ? '−' : '+'}${rounded}`;
}

/** Bytes in decimal units with three significant figures, as in '1.24 MB'. */
export function formatBytes(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  let value = bytes / 1000;
  // 999.9 rounds to four figures: it is one of the next unit.
  while (value >= 999.5 && units.length > 1) {
    value /= 1000;
    units.shift();
  }
  return `${value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} ${units[0]}`;
}

/** Seconds as minutes and seconds, as in '3:07'. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** A count with thousands separated, as in '12,400'. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** An environment as a person would say it: 'clean', 'gaussian noise'. */
export function formatEnvironment(name: string): string {
  return name.replaceAll('_', ' ');
}
