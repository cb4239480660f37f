// Refuses a change of proto/ that a peer of the last release would not understand. Part of `pnpm lint`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './lib/fresh.mjs';

const folder = process.argv[2] ?? root;
const released = join(folder, 'proto/released/renorm-v1.binpb');

if (!existsSync(released)) {
  console.log('No release yet: nothing to hold proto/ against (CONTRIBUTING.md, Releases).');
} else {
  const buf = createRequire(join(root, 'package.json')).resolve('@bufbuild/buf/bin/buf');
  const { status } = spawnSync(buf, ['breaking', '--against', released], { cwd: folder, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
