// Packs what is published, and tries it in a project elsewhere.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './fresh.mjs';
import { findPnpm } from './step.mjs';

/** Folders of the packages that are published. */
export const published = () => [...readdirSync(join(root, 'packages')).map((name) => join('packages', name)), 'models'];

/**
 * Packs every package as `pnpm publish` would.
 * @param {string} destination folder for the tarballs
 * @returns {Promise<{ folder: string, name: string, tarball: string, files: string[] }[]>}
 */
export async function packAll(destination) {
  const [program, ...args] = await findPnpm();
  return published().map((folder) => {
    const { status, stdout, stderr } = spawnSync(
      program,
      [...args, 'pack', '--json', '--pack-destination', destination],
      {
        cwd: join(root, folder),
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`packing ${folder} failed:\n${stdout}\n${stderr}`);
    const { name, filename, files } = JSON.parse(stdout);
    return { folder, name, tarball: filename, files: files.map(({ path }) => path) };
  });
}

/**
 * A project whose node_modules hold the packed packages, each with exactly the dependencies that it declares, taken
 * from the repository's own installation: an install without a registry.
 */
export function projectOf(packed, project) {
  for (const { folder, name, tarball } of packed) {
    const place = join(project, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    const { status, stderr } = spawnSync('tar', ['-xzf', tarball, '-C', place, '--strip-components=1'], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${tarball} does not unpack: ${stderr}`);
    const { dependencies = {} } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(dependencies).filter((each) => !each.startsWith('@renorm/')))
      link(join(root, folder, 'node_modules', dependency), join(place, 'node_modules', dependency));
  }
  // What its user installs beside it.
  link(join(root, 'packages/edge/node_modules/onnxruntime-node'), join(project, 'node_modules/onnxruntime-node'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'elsewhere', private: true, type: 'module' }));
}

function link(from, to) {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(realpathSync(from), to);
}

/** Puts a program of the tests into a project. */
export function addProgram(project) {
  cpSync(join(root, 'scripts/lib/packed-program.mjs'), join(project, 'program.mjs'));
}
