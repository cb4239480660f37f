import type { CloudEvent, CohortStatus } from '@renorm/cloud';
import { formatCount } from '@renorm/eval/format';
import { eventLine } from './cloud-lines.js';
import { print, printError } from './terminal.js';

/** What `renorm cloud` has to say. */
export interface CloudOutput {
  /** @param address empty for a cloud that only trains */
  started(address: string, data: string): void;
  /** To be known at the start. */
  note(text: string): void;
  goesOn(status: CohortStatus): void;
  event(event: CloudEvent): void;
  closing(): void;
  closed(): void;
}

const line = (text: string): void => print(`${text}\n`);

/** Lines for people; what goes wrong, on stderr. */
export const cloudText: CloudOutput = {
  started: (address, data) =>
    line(`${address === '' ? 'Training' : `Listening on ${address}`}, state in ${data}. Ctrl-C ends it.`),
  note: (text) => printError(`${text}\n`),
  goesOn: ({ cohort, version, received }) =>
    line(`${cohort}  goes on from version ${version}, ${formatCount(received)} samples received so far`),
  event(event) {
    const text = eventLine(event, new Date());
    const isBad = event.kind === 'failed' || event.kind === 'paused';
    if (text !== undefined) (isBad ? printError : print)(`${text}\n`);
  },
  closing: () => line('Closing: finishing the step in hand …'),
  closed: () => line('Closed. All that was acknowledged is on disk; start again with the same folder to go on.'),
};

const object = (kind: string, facts: object = {}): void => line(JSON.stringify({ at: new Date(), kind, ...facts }));

/** One JSON object per line. */
export const cloudJson: CloudOutput = {
  started: (address, data) => object('started', { ...(address !== '' && { address }), data }),
  note: (text) => printError(`${text}\n`),
  goesOn: ({ cohort, version, received, trained }) => object('cohort', { cohort, version, received, trained }),
  event({ kind, ...facts }) {
    if (!('error' in facts)) return object(kind, facts);
    const { message } = facts.error;
    object(kind, { ...('code' in facts.error && { code: facts.error.code }), message });
  },
  closing: () => object('closing'),
  closed: () => object('closed'),
};
