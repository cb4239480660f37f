const LEVELS = '▁▂▃▄▅▆▇█';

/**
 * A row of bars, one a character.
 * @param values shares; what is not a number becomes a blank
 * @param range the shares of the lowest and the highest bar
 * @param width in characters: the values are averaged into so many equal pieces of `length`
 * @param length the number of values of a full row; a shorter series leaves the rest blank
 */
export function sparkline(
  values: readonly number[],
  range: readonly [number, number],
  width: number,
  length: number,
): string {
  const [low, high] = range;
  return Array.from({ length: width }, (_, i) => {
    const piece = values.slice(
      Math.floor((i * length) / width),
      Math.max(Math.floor(((i + 1) * length) / width), Math.floor((i * length) / width) + 1),
    );
    const mean = piece.reduce((sum, value) => sum + value, 0) / piece.length;
    if (!Number.isFinite(mean)) return ' ';
    const level = Math.round(((mean - low) / (high - low)) * (LEVELS.length - 1));
    return LEVELS[Math.min(LEVELS.length - 1, Math.max(0, level))] ?? ' ';
  }).join('');
}
