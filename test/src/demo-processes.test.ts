import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { allGone, canListChildren, childrenOf, type Running, start } from './support/processes.js';

const skip = canListChildren ? false : 'needs /proc';

interface Demo extends Running {
  /** Where the run puts what is temporary. */
  readonly folder: string;
  readonly pid: number;
  readonly children: readonly number[];
}

/** A demonstration run whose devices have begun to predict. */
async function runningDemo(t: Test): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-demo-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const demo = start('packages/cli/dist/main.js', ['demo', '--quick', '--report', join(folder, 'report.html')], {
    TMPDIR: folder,
  });
  t.teardown(() => demo.child.kill('SIGKILL'));
  await demo.printed(/workshop-1 .* images/);
  const pid = demo.child.pid ?? 0;
  const children = childrenOf(pid);
  t.equal(children.length, 4, 'a cloud and three devices');
  return { ...demo, folder, pid, children };
}

test('Ctrl-C ends every process, says what was cancelled and exits with 130', { skip, timeout: 120_000 }, async (t) => {
  const demo = await runningDemo(t);
  // A terminal sends Ctrl-C to every process of the group.
  for (const pid of [demo.pid, ...demo.children]) process.kill(pid, 'SIGINT');
  const { code, stdout, stderr } = await demo.outcome;
  t.equal(code, 130);
  t.match(stdout, /Cancelled the run/);
  t.equal(stderr, '', 'no process complains');
  t.ok(await allGone(demo.children, 1), 'no process is left');
  t.same(await readdir(demo.folder), [], 'no data folder and no report is left');
});

test('the processes end by themselves when the run dies', { skip, timeout: 120_000 }, async (t) => {
  const demo = await runningDemo(t);
  process.kill(demo.pid, 'SIGKILL');
  await demo.outcome;
  t.ok(await allGone(demo.children, 15), 'no orphan is left');
  t.same(await readdir(demo.folder), [], 'no data folder is left');
});

test('a process that dies ends the run with its name', { skip, timeout: 120_000 }, async (t) => {
  const demo = await runningDemo(t);
  process.kill(Math.max(...demo.children), 'SIGKILL');
  const { code, stderr } = await demo.outcome;
  t.equal(code, 1);
  t.match(stderr, /(workshop|entrance)-\d ended unexpectedly \(SIGKILL\)/);
  t.ok(await allGone(demo.children, 1), 'no process is left');
});
