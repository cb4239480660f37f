import type { EvalProgress } from '@renorm/eval';
import { formatCount, formatDuration } from '@renorm/eval/format';
import { createLogUpdate } from 'log-update';
import { printError } from './terminal.js';

const BAR = 24;
const REDRAW_MILLISECONDS = 250;
/** Between two lines of a log. */
const LOG_MILLISECONDS = 15_000;

/** Shows how far an evaluation is. */
export interface EvalProgressDisplay {
  show(progress: EvalProgress): void;
  end(): void;
}

/** A line that is redrawn on a terminal; elsewhere a line now and then. @param stream standard error */
export function evalProgress(stream: NodeJS.WriteStream): EvalProgressDisplay {
  const started = performance.now();
  const update = stream.isTTY ? createLogUpdate(stream) : undefined;
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    show(progress) {
      const now = performance.now();
      if (now - drawn < (update === undefined ? LOG_MILLISECONDS : REDRAW_MILLISECONDS)) return;
      drawn = now;
      const line = progressLine(progress, (now - started) / 1000);
      if (update === undefined) printError(`${line}\n`);
      else update(line);
    },
    end() {
      update?.clear();
      update?.done();
    },
  };
}

/** How far it is, and how long it will take at the pace so far. */
export function progressLine({ cells, finished, kept, images, imagesInAll }: EvalProgress, seconds: number): string {
  const share = imagesInAll === 0 ? 1 : Math.min(1, images / imagesInAll);
  const filled = Math.round(share * BAR);
  const left = images === 0 ? '' : `  about ${formatDuration((seconds / share) * (1 - share))} left`;
  const before = kept === 0 ? '' : ` (${kept} from before)`;
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}  ${finished} of ${cells} runs${before}  ${formatCount(images)} of ${formatCount(imagesInAll)} images${left}`;
}
