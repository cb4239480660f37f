// Runs compiled test files as what they are, Node programs that print TAP. `tap run` would do the same behind four
// import hooks (TypeScript, mocks, coverage), which every process that a test starts inherits: a second of processor
// time each, for nothing that these tests use.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './fresh.mjs';

// tap's own parser, resolved as tap resolves it.
const ofTap = createRequire(createRequire(join(root, 'package.json')).resolve('tap'));
const { Parser } = createRequire(ofTap.resolve('@tapjs/core'))('tap-parser');

const GROUP = join('scripts', 'lib', 'test-group.mjs');

/** How long a file that ran out of time may take to say what it was doing. */
const GRACE_MS = 10_000;

/**
 * @param {readonly string[]} files paths from the repository's root; several share a process
 * @param {number} seconds before they are stopped
 * @param {(parser: Parser) => void} watch called before anything is parsed
 * @returns {Promise<{ok: boolean, time: number, diag: {exitCode: number | null, signal: string | null, expired:
 *   boolean}}>} how it ended; time in ms
 */
export function runTestFiles(files, seconds, watch) {
  const parser = new Parser({ name: files.join(' ') });
  watch(parser);
  const started = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', ...(files.length > 1 ? [GROUP] : []), files[0]], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Print TAP; and a test that hangs is named by the file itself, a little before the file is stopped.
    env: { ...process.env, TAP: '1', TAP_TIMEOUT: String(0.9 * seconds), RENORM_TEST_FILES: JSON.stringify(files) },
  });
  let expired = false;
  const stop = (signal, after) =>
    setTimeout(() => {
      expired = true;
      child.kill(signal);
    }, after);
  const timers = [stop('SIGTERM', seconds * 1000), stop('SIGKILL', seconds * 1000 + GRACE_MS)];
  child.stdout.pipe(parser);
  const parsed = new Promise((resolve) => parser.once('complete', resolve));
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`${files.join(' ')} did not start: ${error.message}\n`);
      resolve({ ok: false, time: 0, diag: { exitCode: null, signal: null, expired: false } });
    });
    child.once('close', async (exitCode, signal) => {
      for (const timer of timers) clearTimeout(timer);
      const { ok } = await parsed;
      resolve({ ok: ok && exitCode === 0, time: performance.now() - started, diag: { exitCode, signal, expired } });
    });
  });
}
