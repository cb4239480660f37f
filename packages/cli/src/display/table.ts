import { stripVTControlCharacters } from 'node:util';

/** A cell's width on a terminal, colours apart. */
const widthOf = (text: string): number => stripVTControlCharacters(text).length;

/**
 * Lines up cells in columns, two blanks apart.
 * @param align for each column, to the left or to the right; the last word goes for all that follow
 */
export function columns(rows: readonly (readonly string[])[], align: readonly ('left' | 'right')[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const blanks = ' '.repeat((widths[i] ?? 0) - widthOf(cell));
        return (align[i] ?? align.at(-1)) === 'right' ? blanks + cell : cell + blanks;
      })
      .join('  ')
      .trimEnd(),
  );
}
