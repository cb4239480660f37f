import { stripVTControlCharacters } from 'node:util';
import type { DemoSummary, EnvironmentSummary, Verdict } from '@renorm/eval';
import { test } from 'tap';
import { summaryTable } from './summary-table.js';

const environment = (verdict: Verdict, gain: number): EnvironmentSummary => ({
  ...{ environment: 'gaussian_noise', severity: 5, images: 2000, unadapted: 0.5, adapted: 0.6, uploadedShare: 0.335 },
  ...{ adaptedFirst: 0.55, adaptedLast: 0.7, unadaptedFirst: 0.5, unadaptedLast: 0.5 },
  ...{ bytesUp: 123_000, bytesDown: 45_600, version: 12 },
  last: { images: 600, adapted: 0.7, unadapted: 0.5, gain, standardError: 0.01, verdict },
});
const device = (id: string) => ({
  ...{ id, images: 4000, uploaded: 10, uploadedShare: 0.5, bytesUp: 1, bytesDown: 2, version: 12 },
  environments: [environment('better', 0.2), environment('worse', -0.123), environment('unclear', 0.01)],
});
const summary: DemoSummary = {
  ...{ seed: 1, quick: false, seconds: 180, imagesPerRound: 5 },
  cohorts: [{ name: 'a', version: 12, steps: 12, devices: [device('a-1'), device('a-2')] }],
  clean: environment('unclear', 0).last,
  changed: environment('better', 0.2).last,
};

test('the table names each device once and says how clear each gain is', async (t) => {
  const lines = stripVTControlCharacters(summaryTable(summary)).split('\n');
  t.equal(lines.filter((line) => /^a-\d {2}version 12$/.test(line)).length, 2);
  t.equal(lines.filter((line) => / \+20\.0 /.test(line)).length, 2);
  t.equal(lines.filter((line) => / −12\.3 /.test(line)).length, 2);
  t.equal(lines.filter((line) => / \(\+1\.0\) /.test(line)).length, 2);
  t.ok(Math.max(...lines.slice(0, -2).map((line) => line.length)) <= 80, 'it fits 80 columns');
});
