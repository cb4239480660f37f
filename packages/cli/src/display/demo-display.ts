import type { DemoEvent, DemoRecord } from '@renorm/eval';
import { createLogUpdate } from 'log-update';
import { liveView } from './live-view.js';
import { plainLine } from './plain-lines.js';
import { forTerminal } from './terminal.js';

const REDRAW_MILLISECONDS = 250;

/** Shows a run while it goes on. */
export interface DemoDisplay {
  show(event: DemoEvent, record: DemoRecord): void;
  /** Stops redrawing; what stands on the screen stays. */
  end(): void;
}

/** A block that is redrawn in place, for a terminal. */
export function liveDisplay(stream: NodeJS.WriteStream): DemoDisplay {
  const update = createLogUpdate(stream);
  let latest: DemoRecord | undefined;
  const draw = (): void => {
    if (latest !== undefined) update(forTerminal(liveView(latest, stream.columns ?? 80)));
  };
  const timer = setInterval(draw, REDRAW_MILLISECONDS);
  return {
    show(event, record) {
      if (event.kind === 'starting') update('Starting the cloud and the devices …');
      if (event.kind === 'streaming') latest = record;
    },
    end() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

/** One line for each thing worth telling, for logs and pipes. */
export function plainDisplay(stream: NodeJS.WritableStream): DemoDisplay {
  return {
    show(event, record) {
      for (const line of plainLine(event, record)) stream.write(forTerminal(`${line}\n`));
    },
    end: () => undefined,
  };
}
