import type { Device, Prediction } from '@renorm/edge/node';
import { formatBytes, formatCount, formatPercent } from '@renorm/eval/format';
import { printableLine } from '@renorm/protocol';
import chalk from 'chalk';
import { columns } from './table.js';
import { print } from './terminal.js';

/** What `renorm edge` has to say on stdout. */
export interface EdgeOutput {
  predicted(file: string, prediction: Prediction): void;
  passedOver(file: string, reason: string): void;
  cancelled(): void;
  summary(device: Device, unreadable: number): void;
}

/** A line per image, and a table. @param width of the longest name of a file */
export function edgeText(width: number): EdgeOutput {
  return {
    predicted(file, { label, top: [best], version }) {
      const confidence = formatPercent(best?.probability ?? Number.NaN).padStart(6);
      const name = best?.name === undefined ? '' : `  ${printableLine(best.name)}`;
      print(
        `${printableLine(file).padEnd(width)}  class ${String(label).padEnd(4)}${confidence}  ${chalk.dim(`version ${version}`)}${name}\n`,
      );
    },
    // Stderr has it.
    passedOver: () => undefined,
    cancelled: () => print('Cancelled.\n'),
    summary(device, unreadable) {
      const rows = summaryRows(device, unreadable).map(([term, value]) => [chalk.dim(term), value]);
      print(`\n${columns(rows, ['left']).join('\n')}\n`);
    },
  };
}

/** JSON, one object a line: predictions, files that could not be read, and at the end the status of the device. */
export function edgeJson(): EdgeOutput {
  const write = (kind: string, facts: object): void => print(`${JSON.stringify({ kind, ...facts })}\n`);
  return {
    predicted: (file, { label, top, probabilities, version }) =>
      write('prediction', { file, label, probability: probabilities[label], version, top }),
    passedOver: (file, reason) => write('unreadable', { file, reason }),
    cancelled: () => undefined,
    summary: (device, unreadable) => write('summary', { ...device.status(), unreadable }),
  };
}

function summaryRows(device: Device, unreadable: number): [term: string, value: string][] {
  const { predictions, uploaded, pending, dropped, bytesUp, bytesDown, version, health } = device.status();
  const share = predictions === 0 ? '' : ` (${formatPercent(uploaded / predictions)})`;
  const waiting = pending > 0 ? `, ${formatCount(pending)} still waiting` : '';
  return [
    ['predictions', formatCount(predictions)],
    ...(unreadable > 0 ? ([['unreadable', formatCount(unreadable)]] as [string, string][]) : []),
    ['uploaded', `${formatCount(uploaded)} samples${share}${waiting}`],
    ['bytes', `${formatBytes(bytesUp)} up, ${formatBytes(bytesDown)} down`],
    ...(dropped > 0 ? ([['given up', `${formatCount(dropped)} samples`]] as [string, string][]) : []),
    ['version', String(version)],
    // Each was told with its remedy when it began.
    ...(health.length > 0 ? ([['goes on', health.map(({ code }) => code).join(', ')]] as [string, string][]) : []),
  ];
}
