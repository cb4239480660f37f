import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A file in TypeScript that somebody wrote. */
export interface Source {
  /** From the repository's root, as in `packages/onnx/src/index.ts`. */
  readonly path: string;
  /** Its folder of the workspace, as in `packages/onnx`. */
  readonly place: string;
  readonly text: string;
  /** What it imports or exports again, types included, as written. */
  readonly imports: readonly string[];
}

/** Every source of the folders of the workspace; generated code is left out. */
export function sourcesOf(places: readonly string[]): Source[] {
  return places.flatMap((place) =>
    readdirSync(join(root, place, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.endsWith('/gen'))
      .filter((entry) => !entry.parentPath.includes('/gen/'))
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        const text = readFileSync(file, 'utf8');
        return { path: relative(root, file), place, text, imports: importsOf(text) };
      }),
  );
}

/** Static imports and exports, imports for a side effect, and types named in place: `import('./a.js').A`. */
export function importsOf(text: string): string[] {
  const statements = text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gms);
  const effects = text.matchAll(/^import '([^']+)'/gm);
  const types = text.matchAll(/(?<!await |typeof |return |=> )\bimport\('([^']+)'\)\./g);
  return [...statements, ...effects, ...types].map((match) => match[1] ?? '');
}

/** Tests and what only they use may import anything. */
export const isTest = (path: string): boolean =>
  path.startsWith('test/') ||
  path.endsWith('.test.ts') ||
  path.includes('.test-support.') ||
  path.includes('/src/testing/');
