import type { CloudEvent } from '@renorm/cloud';
import { formatBytes, formatCount } from '@renorm/eval/format';
import { printable } from '@renorm/protocol';
import chalk from 'chalk';

/** An event of the cloud as one line for a log; undefined for one that is not worth a line. */
export function eventLine(event: CloudEvent, at: Date): string | undefined {
  const text = eventText(event);
  return text === undefined ? undefined : `${chalk.dim(at.toTimeString().slice(0, 8))}  ${text}`;
}

function eventText(event: CloudEvent): string | undefined {
  switch (event.kind) {
    case 'announced':
      return `${event.cohort}  device ${event.device} announced itself, running version ${event.version}`;
    case 'uploaded': {
      const again = event.duplicates > 0 ? `, ${formatCount(event.duplicates)} of them received before` : '';
      return `${event.cohort}  ${formatCount(event.samples)} samples from ${event.device}${again}`;
    }
    case 'step': {
      if (event.verdict !== undefined && event.verdict.decision !== 'publish')
        return `${event.cohort}  ${chalk.yellow(refused(event.verdict))}`;
      // Steps that publish nothing are many, and say little.
      if (event.version === undefined) return undefined;
      const kind = event.idle ? 'replay' : `${formatCount(event.samples)} samples`;
      const backlog = event.backlog > 0 ? `, ${formatCount(event.backlog)} samples wait` : '';
      const loss = event.edgeLoss === undefined ? '' : `, loss ${event.edgeLoss.toFixed(3)}`;
      const { number, bytes } = event.version;
      return `${event.cohort}  ${chalk.green(`version ${number} published`)}, ${formatBytes(bytes)}, after step ${formatCount(event.step)} (${kind}, ${(event.milliseconds / 1000).toFixed(2)} s${loss}${backlog})`;
    }
    case 'prepared':
      return event.changes.map((what) => `${event.model} model: ${what}`).join('; ');
    case 'repaired':
      return chalk.yellow(`data folder repaired: ${printable(event.what)}`);
    case 'paused':
      return chalk.yellow(`uploads and training wait: ${printable(event.error.message)}`);
    case 'resumed':
      return 'uploads and training go on: there is room again';
    case 'foundation':
      return `${event.cohort}  ${chalk.yellow(`the foundation model is no better than the edge model: ${event.reason}`)}`;
    case 'note':
      return chalk.yellow(event.text);
    case 'set aside':
      return chalk.yellow(
        `${event.cohort}  device ${event.device} sends samples out of range and is set aside for ${Math.ceil(event.forMs / 1000)} s; correct its preprocessing`,
      );
    case 'failed':
      return chalk.red(printable(event.error.message));
  }
}

const refused = ({ decision, reason }: { readonly decision: string; readonly reason: string }): string =>
  decision === 'keep' ? `a version was not published: ${reason}` : `went back to an earlier state: ${reason}`;
