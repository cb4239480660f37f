import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'tap';
import { repositoryPath } from '../support/cloud-process.js';

const canUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;
const skip = canUnshare ? false : 'needs root on Linux: PID namespaces stand for containers';

/** `renorm cloud` on a folder, in a PID namespace of its own, where it has the same process number as in any other. */
async function contained(data: string) {
  const cloud = ['cloud', '--edge-model', repositoryPath('models/fashion-edge.onnx')];
  const child = spawn(
    'unshare',
    [
      ...['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath],
      ...[repositoryPath('packages/cli/dist/main.js'), ...cloud],
      ...['--foundation-model', repositoryPath('models/fashion-foundation.onnx')],
      ...['--data', data, '--port', '0', '--threads', '1'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const printed: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const ended = once(child, 'exit');
  const listening = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('Listening') && resolve(true));
    void ended.then(() => resolve(false));
  });
  return {
    listens: await listening,
    printed: () => printed.join(''),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test('two containers do not open one folder, and the second may as soon as the first was killed', {
  skip,
}, async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'renorm-containers-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const first = await contained(data);
  t.teardown(() => first.kill());
  t.ok(first.listens, first.printed());
  const second = await contained(data);
  t.teardown(() => second.kill());
  t.notOk(second.listens);
  t.match(second.printed(), /DATA_IN_USE: the data folder .* is used by process \d+ on /);
  await first.kill();
  const third = await contained(data);
  t.teardown(() => third.kill());
  t.ok(third.listens, third.printed());
});
