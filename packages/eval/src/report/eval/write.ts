import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PlannedImages } from '../../run/image-streams.js';
import type { EvalRecord } from '../../run/run-eval.js';
import type { EvalSummary } from '../../run/summary.js';
import { evalCsv } from './csv.js';
import { evalReportHtml } from './page.js';
import { uploadedPictures } from './pictures.js';

/**
 * Writes report.html, summary.csv and summary.json of an evaluation.
 *
 * @returns the absolute path of the report
 */
export async function writeEvalReport(record: EvalRecord, summary: EvalSummary, folder: string): Promise<string> {
  const kind = summary.streams[0]?.kind;
  const shown = record.cells.filter((cell) => cell.method === summary.verdict.method && cell.kind === kind);
  const pictures = await uploadedPictures(await PlannedImages.open(record.plan, record.facts), shown);
  const report = resolve(join(folder, 'report.html'));
  await writeFile(report, evalReportHtml(record, summary, pictures, new Date()));
  await writeFile(join(folder, 'summary.csv'), evalCsv(summary));
  await writeFile(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return report;
}
