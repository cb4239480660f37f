// Keeps what proto/ says as the release that later changes are held against. Part of a release: npm run proto:release.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from './lib/fresh.mjs';

const folder = process.argv[2] ?? root;
const released = join(folder, 'proto/released/renorm-v1.binpb');
mkdirSync(dirname(released), { recursive: true });
const buf = createRequire(join(root, 'package.json')).resolve('@bufbuild/buf/bin/buf');
const { status } = spawnSync(buf, ['build', '--output', released], { cwd: folder, stdio: 'inherit' });
process.exitCode = status ?? 1;
