import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './sources.js';

/** What docs/architecture.md says of a folder of the workspace. */
export interface Place {
  /** The last word of its package's name: `onnx` for `@renorm/onnx`. */
  readonly name: string;
  /** Which packages its code may import, by those names. */
  readonly mayImport: readonly string[];
  /** What others may import of it: '' for its index, '/node' for `@renorm/edge/node`. */
  readonly doors: readonly string[];
  /** Whether it must run without Node, but for what lies in its folder `node`. */
  readonly neutral: boolean;
}

/** The import table of docs/architecture.md, by folder: the page is what the tests hold the code against. */
export function architecture(): Map<string, Place> {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const rows = page.matchAll(/^\| `((?:packages\/)?([a-z]+))` +\|[^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm);
  const table = [...rows].map(([, place = '', name = '', imports = '', doors = '', runs = '']) => ({
    ...{ place, name, runs },
    imports: imports.trim(),
    doors: [...doors.matchAll(/`\.(\/[a-z]+)?`/g)].map(([, door]) => door ?? ''),
  }));
  const wordsOf = (text: string): string[] => (text === 'nothing of ours' ? [] : text.split(/, | and /));
  const every = table.map(({ name }) => name);
  return new Map(
    table.map(({ place, name, imports, doors, runs }) => [
      place,
      {
        ...{ name, doors },
        mayImport: imports.startsWith('all')
          ? every.filter((other) => !imports.slice(3).includes(other))
          : wordsOf(imports),
        neutral: runs.trim().startsWith('anywhere'),
      },
    ]),
  );
}
