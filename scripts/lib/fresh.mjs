// Tells whether a set-up step still has to be done.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The folders of the workspace, as pnpm-workspace.yaml lists them. */
export const workspaces = () => [
  ...readdirSync(join(root, 'packages')).map((name) => join('packages', name)),
  'tools',
  'test',
];
const stampFile = join(root, 'node_modules', '.renorm-installed');

/** Everything that an installation depends on, as one digest. */
function installationDigest() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  const manifests = workspaces().map((folder) => join(folder, 'package.json'));
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

export const installedStamp = {
  /** Whether packages have to be installed: never done, done for another lock file or Node, or partly deleted. */
  isOld() {
    if (
      workspaces().some(
        (folder) => existsSync(join(root, folder, 'package.json')) && !existsSync(join(root, folder, 'node_modules')),
      )
    )
      return true;
    return !existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== installationDigest();
  },
};

/** Remembers that what the lock file says is installed. */
export function stampInstalled() {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, installationDigest());
}

/** What `pnpm generate` makes, and what it makes it from. */
const GENERATED = [
  { from: ['buf.gen.yaml', 'proto'], to: 'packages/protocol/src/gen' },
  { from: ['packages/onnx/buf.gen.yaml', 'packages/onnx/proto'], to: 'packages/onnx/src/gen' },
];

/** Whether all generated code is there and newer than its sources. */
export function isGenerated() {
  return GENERATED.every(({ from, to }) => {
    const made = times(to);
    return made.length > 0 && Math.max(...from.flatMap(times), ...times('package.json')) <= Math.min(...made);
  });
}

/** Makes all generated code newer than its sources: the generator leaves a file alone whose content stays the same. */
export function stampGenerated() {
  const now = new Date();
  for (const { to } of GENERATED) for (const path of files(to)) utimesSync(path, now, now);
}

/** Modification times of a file, or of all files in a folder; none if it is not there. */
const times = (path) => files(path).map((file) => statSync(file).mtimeMs);

/** A file, or all files in a folder and below it; none if it is not there. */
function files(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  return statSync(full).isDirectory() ? readdirSync(full).flatMap((name) => files(join(path, name))) : [full];
}
