import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '@renorm/protocol';
import { test } from 'tap';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Who may import whom among our packages. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  onnx: [],
  protocol: [],
  image: ['protocol'],
  edge: ['onnx', 'protocol', 'image'],
  cloud: ['onnx', 'protocol', 'image'],
  eval: ['onnx', 'protocol', 'image', 'edge', 'cloud'],
  conformance: ['onnx', 'protocol'],
  cli: ['onnx', 'protocol', 'edge', 'cloud', 'eval', 'conformance'],
  tools: ['onnx', 'protocol', 'image', 'edge', 'cloud', 'eval'],
};

/** The doors of a package: nothing else of it is imported elsewhere. */
const DOORS: Record<string, readonly string[]> = {
  protocol: ['', '/node'],
  onnx: ['', '/node'],
  edge: ['', '/node'],
  image: ['', '/node'],
};

/** Packages whose code must run in a browser too, but for their folder `node`. */
const NEUTRAL = ['onnx', 'protocol', 'image', 'edge'];

/** tools/ stands beside packages/: it is never published. */
const folderOf = (pkg: string): string => (pkg === 'tools' ? pkg : join('packages', pkg));

interface Source {
  readonly path: string;
  readonly pkg: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** Tests and what only they use may import anything. */
const isTest = (path: string): boolean =>
  path.endsWith('.test.ts') || path.includes('.test-support.') || path.includes('/src/testing/');

function sources(): Source[] {
  return Object.keys(MAY_IMPORT).flatMap((pkg) =>
    readdirSync(join(root, folderOf(pkg), 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('/gen'))
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        const text = readFileSync(file, 'utf8');
        const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gms)].map(
          (match) => match[1] ?? '',
        );
        return { path: relative(root, file), pkg, text, imports };
      }),
  );
}

test('a package imports only what the architecture allows, and only through its doors', async (t) => {
  for (const { path, pkg, imports } of sources()) {
    for (const specifier of imports) {
      const match = /^@renorm\/([a-z]+)(.*)$/.exec(specifier);
      if (match === null) continue;
      const [, target = '', door = ''] = match;
      const allowed = [...(MAY_IMPORT[pkg] ?? [])];
      if (isTest(path)) continue;
      if (!allowed.includes(target))
        t.fail(`${path} imports ${specifier}: ${pkg} may import ${allowed.join(', ') || 'none'}`);
      if (!(DOORS[target] ?? ['']).includes(door))
        t.fail(`${path} imports ${specifier}: only the index of a package is public`);
    }
  }
  t.pass('checked');
});

test('relative imports stay inside their package', async (t) => {
  for (const { path, pkg, imports } of sources()) {
    for (const specifier of imports.filter((name) => name.startsWith('.'))) {
      const target = join(root, path, '..', specifier);
      if (!target.startsWith(join(root, folderOf(pkg), 'src')))
        t.fail(`${path} reaches out of its package: ${specifier}`);
    }
  }
  t.pass('checked');
});

test('what must run in a browser compiles without the types of Node, and imports nothing of it', async (t) => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.neutral.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  t.equal(status, 0, stdout);
  // Packages bring types of their own, so the compiler takes an import of one that runs on Node alone.
  for (const { path, pkg, imports } of sources().filter(({ path }) => !isTest(path))) {
    if (!NEUTRAL.includes(pkg) || path.startsWith(join('packages', pkg, 'src', 'node'))) continue;
    for (const specifier of imports) {
      const isNative = /^(node:|onnxruntime-|@grpc\/|sharp$|piscina$)|\/node(\/|$)/.test(specifier);
      if (isNative) t.fail(`${path} imports ${specifier}`);
    }
  }
});

test('a source file stays readable in one sitting', async (t) => {
  const long = sources()
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > 300);
  t.same(long, [], 'no file is over 300 lines');
});

test('docs/errors.md lists every error code, and only those', async (t) => {
  const onnx = readFileSync(join(root, 'packages/onnx/src/errors.ts'), 'utf8').matchAll(/'(ONNX_[A-Z_]+)'/g);
  const codes = new Set([...Object.keys(ERROR_CODES), ...[...onnx].map((match) => match[1] ?? '')]);
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_]+)`/gm);
  t.same([...page].map((match) => match[1]).sort(), [...codes].sort());
});
