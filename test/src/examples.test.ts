import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';

/** The port that the examples name. */
const PORT = 7443;

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function run(example: string, cwd: string): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [repositoryPath(`examples/${example}`)], { cwd });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { child, output: () => text };
}

test('the ten-line programs of the README run as they are', async (t) => {
  if (await isTaken(PORT)) {
    t.pass('the port of the examples is free', { skip: `port ${PORT} is taken: end what listens there` });
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'renorm-examples-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await symlink(repositoryPath('models'), join(folder, 'models'));
  const cloud = run('01_cloud.mjs', folder);
  t.teardown(() => cloud.child.kill('SIGKILL'));
  while (!cloud.output().includes('listening on 127.0.0.1:7443')) {
    await once(cloud.child.stdout as NodeJS.ReadableStream, 'data');
  }
  const device = run('02_device.mjs', folder);
  const [code] = await once(device.child, 'exit');
  t.equal(code, 0, device.output());
  t.equal(device.output().match(/class \d, entropy \d\.\d\d nats, model version \d+/g)?.length, 10);
  cloud.child.kill('SIGINT');
  const [cloudCode] = await once(cloud.child, 'exit');
  t.equal(cloudCode, 0, 'Ctrl-C ends the cloud cleanly');
});
