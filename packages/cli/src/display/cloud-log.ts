import type { CloudEvent } from '@renorm/cloud';
import type { Level, Logger } from 'pino';
import type { CloudOutput } from './cloud-output.js';

/** Lines of JSON for what collects logs: `event` is what `kind` is elsewhere. */
export function cloudLog(log: Logger): CloudOutput {
  return {
    started: (address, data) => log.info({ event: 'started', ...(address !== '' && { address }), data }),
    note: (text) => log.warn({ event: 'note', text }),
    goesOn: ({ cohort, version, received, trained }) =>
      log.info({ event: 'cohort', cohort, version, received, trained }),
    event(event) {
      const { kind, ...facts } = event;
      if (!('error' in facts)) log[levelOf(event)]({ event: kind, ...facts });
      else log[levelOf(event)]({ event: kind, err: facts.error });
    },
    closing: () => log.info({ event: 'closing' }),
    closed: () => log.info({ event: 'closed' }),
  };
}

function levelOf(event: CloudEvent): Level {
  switch (event.kind) {
    case 'step':
      if (event.verdict !== undefined && event.verdict.decision !== 'publish') return 'warn';
      // Steps that publish nothing are many.
      return event.version === undefined ? 'debug' : 'info';
    case 'failed':
      return 'error';
    case 'repaired':
    case 'paused':
    case 'set aside':
    case 'foundation':
    case 'note':
      return 'warn';
    default:
      return 'info';
  }
}
