import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoSummary } from '@renorm/eval';
import { type Test, test } from 'tap';
import { start } from './support/processes.js';

async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-demo-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('npm start -- --quick --json runs a cloud and three devices and ends with the summary as one JSON object', {
  timeout: 300_000,
}, async (t) => {
  const report = join(await temporaryFolder(t), 'report.html');
  const { code, stdout, stderr } = await start('scripts/start.mjs', ['--quick', '--json', '--report', report]).outcome;
  t.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  const summary = JSON.parse(lines.at(-1) ?? '') as DemoSummary;
  const devices = summary.cohorts.flatMap((cohort) => cohort.devices);

  t.same(
    summary.cohorts.map((cohort) => cohort.devices.length),
    [2, 1],
    'two cohorts, three devices',
  );
  for (const cohort of summary.cohorts) {
    t.ok(cohort.steps > 0, `${cohort.name} was trained`);
    t.ok(cohort.version > 0, `${cohort.name} has versions`);
  }
  for (const device of devices) {
    const versions = device.environments.map(({ version }) => version);
    t.ok(device.version > 0, `${device.id} runs a new version`);
    t.same(
      versions,
      [...versions].sort((a, b) => a - b),
      `${device.id}: versions only rise`,
    );
    t.ok(device.uploaded > 0 && device.uploaded <= device.images, `${device.id} uploaded some of its images`);
    t.ok(device.bytesUp > 0 && device.bytesDown > 0, `${device.id}: bytes are counted`);
    t.equal(device.environments[0]?.environment, 'clean');
    t.equal(
      new Set(device.environments.map(({ environment }) => environment)).size,
      3,
      `${device.id}: the environment changes twice`,
    );
    for (const { adapted, unadapted, adaptedLast, images } of device.environments) {
      t.ok(
        [adapted, unadapted, adaptedLast].every((share) => share >= 0 && share <= 1) && images > 0,
        'accuracies are shares',
      );
    }
  }
  t.match(stderr, /entrance-1 .* adapted .* unadapted .* version/, 'plain lines where there is no terminal');

  const html = await readFile(summary.report ?? '', 'utf8');
  t.equal(summary.report, report);
  t.notMatch(html, /<script|<link|https?:|src="(?!data:)/, 'the report is self-contained');
  for (const { id } of devices) t.match(html, id);
});
