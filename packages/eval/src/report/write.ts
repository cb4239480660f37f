import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DemoRecord } from '../demo/record.js';
import type { DemoSummary } from '../demo/summary.js';
import { reportHtml } from './page.js';
import { thumbnailStrip } from './thumbnails.js';

/**
 * Writes the report of a finished run.
 * @returns its absolute path
 */
export async function writeReport(record: DemoRecord, summary: DemoSummary, path: string): Promise<string> {
  const { plan } = record;
  const strips = new Map<string, string[]>();
  for (const { name, environments } of plan.cohorts) {
    strips.set(name, await Promise.all(environments.map((environment) => thumbnailStrip(plan, environment))));
  }
  const file = resolve(path);
  await writeFile(file, reportHtml(record, summary, strips, new Date()));
  return file;
}
