import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';

interface Packed {
  readonly folder: string;
  readonly name: string;
  readonly files: readonly string[];
}

interface PackTools {
  packAll(destination: string): Promise<Packed[]>;
  projectOf(packed: readonly Packed[], project: string): void;
  addProgram(project: string): void;
}

const run = promisify(execFile);
const { packAll, projectOf, addProgram } = (await import(repositoryPath('scripts/lib/pack.mjs'))) as PackTools;

test('the packages as they are published', async (t) => {
  const project = await mkdtemp(join(tmpdir(), 'renorm-packages-'));
  t.teardown(() => rm(project, { recursive: true, force: true }));
  const packed = await packAll(project);
  projectOf(packed, project);
  const inProject = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, args, { cwd: project, env: { ...process.env, NODE_PATH: '' } })).stdout;

  await t.test(
    'hold what runs, a page and a licence, and neither tests nor maps of sources that are not there',
    async (t) => {
      for (const { name, files } of packed) {
        const stray = files.filter((path) => /\.test\.|test-support|\.map$|(^|\/)testing\/|tsbuildinfo/.test(path));
        t.same(stray, [], name);
        const unpacked = await readdir(join(project, 'node_modules', name));
        for (const file of ['README.md', 'LICENSE']) t.ok(unpacked.includes(file), `${name} has ${file}`);
      }
    },
  );

  await t.test('say what they are, and depend on nothing but what a registry has', async (t) => {
    for (const { name } of packed) {
      const text = await readFile(join(project, 'node_modules', name, 'package.json'), 'utf8');
      const {
        description = '',
        keywords = [],
        license = '',
      } = JSON.parse(text) as {
        description?: string;
        keywords?: string[];
        license?: string;
      };
      t.ok(description.length > 20 && keywords.length > 2 && license !== '', `${name} has its metadata`);
      t.notMatch(
        text,
        /workspace:|"(pre|post)?install"/,
        `${name} names versions, and runs nothing when it is installed`,
      );
    }
  });

  await t.test('run as a cloud and a device, with the dependencies that they declare', async (t) => {
    addProgram(project);
    t.same(JSON.parse(await inProject('program.mjs')), {
      ...{ classes: 10, version: 0, error: 'CLOSED' },
      isOne: true,
      telemetryOff: true,
    });
  });

  await t.test('run as a command, which brings the models of its demonstration', async (t) => {
    const command = join('node_modules/@renorm/cli/bin/renorm.js');
    t.match(
      await inProject(command, 'inspect', 'node_modules/@renorm/models/fashion-edge.onnx'),
      /ready as edge model/,
    );
    const plan = `import { demoPlan } from '@renorm/eval'; import { existsSync } from 'node:fs';
const { edgeModel, foundationModel, images } = demoPlan({ quick: true, seed: 1 });
console.log([edgeModel, foundationModel, images].every((path) => path.startsWith(process.cwd()) && existsSync(path)));`;
    t.equal((await inProject('--input-type=module', '--eval', plan)).trim(), 'true');
  });
});
