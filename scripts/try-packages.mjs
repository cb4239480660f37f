// Installs the packages as they are packed into empty projects, with npm and with pnpm, from a registry, beside the
// oldest and the newest onnxruntime-node that they are for, and runs a cloud and a device there. Part of a release:
// node scripts/try-packages.mjs [version ...]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addProgram, packAll } from './lib/pack.mjs';
import { findPnpm } from './lib/step.mjs';

const RUNTIMES = process.argv.length > 2 ? process.argv.slice(2) : ['1.20.1', '1.27.0', '1.30.0'];
const scratch = mkdtempSync(join(tmpdir(), 'renorm-try-'));
const packed = await packAll(scratch);
const tarballs = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
const pnpm = await findPnpm();

/** Installs and runs. @returns what went wrong, or what the program said */
function attempt(title, runtime, install, manifest) {
  const project = join(scratch, `${title}-${runtime}`);
  mkdirSync(project);
  const names = ['@renorm/edge', '@renorm/cloud', '@renorm/models'];
  const dependencies = Object.fromEntries(names.map((name) => [name, tarballs[name]]));
  const text = {
    name: 'elsewhere',
    private: true,
    type: 'module',
    dependencies: { ...dependencies, 'onnxruntime-node': runtime },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ ...text, ...manifest }));
  addProgram(project);
  const run = ([program, ...args]) =>
    spawnSync(program, args, {
      cwd: project,
      encoding: 'utf8',
    });
  const installed = run(install);
  if (installed.status !== 0) return `FAILED to install: ${installed.stdout}${installed.stderr}`;
  const runtimes = readdirSync(join(project, 'node_modules'), { recursive: true }).filter((path) =>
    /onnxruntime-node[/\\]package\.json$/.test(path),
  );
  const ran = run([process.execPath, 'program.mjs']);
  return ran.status === 0 ? `${runtimes.length} runtime(s): ${ran.stdout.trim()}` : `FAILED to run: ${ran.stderr}`;
}

try {
  for (const runtime of RUNTIMES) {
    const npm = attempt('npm', runtime, ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'], {
      overrides: tarballs,
    });
    console.log(`npm,  onnxruntime-node ${runtime}: ${npm}`);
    const other = attempt('pnpm', runtime, [...pnpm, 'install', '--ignore-workspace'], {
      pnpm: { overrides: tarballs },
    });
    console.log(`pnpm, onnxruntime-node ${runtime}: ${other}`);
    if (`${npm}${other}`.includes('FAILED')) process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true });
}
