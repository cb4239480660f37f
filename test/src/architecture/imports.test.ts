import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { isTest, root, sourcesOf } from './sources.js';
import { architecture } from './table.js';

const table = architecture();
const byName = new Map([...table.values()].map((place) => [place.name, place]));
const sources = sourcesOf([...table.keys()]);
const shipped = sources.filter(({ path }) => !isTest(path));

test('docs/architecture.md has a row for every package', async (t) => {
  t.same(
    [...table.keys()].filter((place) => place.startsWith('packages/')).sort(),
    readdirSync(join(root, 'packages')).map((name) => `packages/${name}`),
  );
});

test('a package imports only what the architecture allows, and only through its doors', async (t) => {
  for (const { path, place, imports } of shipped) {
    const allowed = table.get(place)?.mayImport ?? [];
    for (const specifier of imports) {
      const [, target = '', door = ''] = /^@renorm\/([a-z]+)(.*)$/.exec(specifier) ?? [];
      if (target === '') continue;
      if (!allowed.includes(target))
        t.fail(`${path} imports ${specifier}: ${place} may import ${allowed.join(', ') || 'nothing of ours'}`);
      if (!byName.get(target)?.doors.includes(door))
        t.fail(`${path} imports ${specifier}: only the doors of a package are public`);
    }
  }
  t.pass('checked');
});

test('relative imports stay inside their package', async (t) => {
  for (const { path, place, imports } of sources) {
    for (const specifier of imports.filter((name) => name.startsWith('.'))) {
      if (!join(path, '..', specifier).startsWith(join(place, 'src')))
        t.fail(`${path} reaches out of its package: ${specifier}`);
    }
  }
  t.pass('checked');
});

test("the gateway's wire knows nothing of renorm but its errors, and what knows renorm nothing of HTTP/2", async (t) => {
  const gateway = shipped.filter(({ path }) => path.startsWith('packages/cloud/src/gateway/'));
  for (const { path, text, imports } of gateway) {
    const isWire = path.includes('/wire/');
    const allowed = isWire ? /^(node:|\.\/|@renorm\/protocol$)/ : /^(?!node:http2$)/;
    for (const specifier of imports) if (!allowed.test(specifier)) t.fail(`${path} imports ${specifier}`);
    if (!isWire) continue;
    const [, names = ''] = /^import (?:type )?\{([^}]*)\} from '@renorm\/protocol'/m.exec(text) ?? [];
    const words = names.split(',').map((name) => name.replace(/^\s*type /, '').trim());
    t.same(
      words.filter((name) => !['', 'GrpcStatus', 'RenormError'].includes(name)),
      [],
      `${path} of @renorm/protocol`,
    );
  }
  t.ok(gateway.some(({ path }) => path.includes('/wire/')));
});

test('what must run in a browser compiles without the types of Node, and imports nothing of it', async (t) => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.neutral.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  t.equal(status, 0, stdout);
  // Packages bring types of their own, so the compiler takes an import of one that runs on Node alone.
  for (const { path, place, imports } of shipped) {
    if (!table.get(place)?.neutral || path.startsWith(`${place}/src/node/`)) continue;
    for (const specifier of imports) {
      const isNative = /^(node:|onnxruntime-(?!web)|@grpc\/|sharp$|piscina$)|\/node(\/|$)/.test(specifier);
      if (isNative) t.fail(`${path} imports ${specifier}`);
    }
  }
});
