/** Letters and digits alone, so that `edge-model`, `EDGE_MODEL` and `edgeModel` are one. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * The name that somebody may have meant: the one with the fewest letters added, left out, changed or swapped with the
 * next.
 *
 * @returns undefined if none is near: a third of the letters wrong, or more than three
 */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, distance: distanceOf(plain(given), plain(name)) }))
    .filter(({ name, distance }) => distance <= Math.min(3, Math.max(1, Math.floor(plain(name).length / 3))))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** The distance of two words by letters (Damerau and Levenshtein, in the restricted form: no letter is moved twice). */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [above = [], row] = [rows[i - 1], [i]];
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(changed, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
