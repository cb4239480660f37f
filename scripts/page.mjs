// `npm run page`: sets the workspace up where that is still to do, then serves the demonstration page with our own
// models (`renorm cloud --page`).
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './lib/fresh.mjs';
import { setUp } from './lib/setup.mjs';

if (await setUp()) {
  const { run } = await import('../packages/cli/dist/index.js');
  const models = ['--edge-model', 'fashion-edge.onnx', '--foundation-model', 'fashion-foundation.onnx'];
  const named = models.map((each) => (each.endsWith('.onnx') ? join(root, 'models', each) : each));
  const data = mkdtempSync(join(tmpdir(), 'renorm-page-'));
  process.exitCode = await run(['cloud', ...named, '--data', data, '--page', ...process.argv.slice(2)]);
}
