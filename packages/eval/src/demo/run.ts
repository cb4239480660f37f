import { type Child, type Entry, startChild } from './child.js';
import type { CohortReport, FromChild, ToChild } from './messages.js';
import type { DemoPlan } from './plan.js';
import { type DemoRecord, type DeviceRecord, emptyRecord } from './record.js';

/** Something happened; the record already contains it. */
export type DemoEvent =
  | { readonly kind: 'starting' }
  | { readonly kind: 'streaming' }
  | { readonly kind: 'chunk'; readonly device: DeviceRecord }
  | { readonly kind: 'finished' };

/** How to watch and how to end a run. */
export interface DemoOptions {
  readonly onEvent?: (event: DemoEvent, record: DemoRecord) => void;
  /** Ends the run: every process is closed, then runDemo rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the demonstration: one cloud process and one process for each device, which talk gRPC over loopback sockets.
 * Resolves when every device has seen its stream and every process has ended.
 * @throws the reason of `signal` if it was aborted; the message of the first process that failed. No process is left
 *   either way
 */
export async function runDemo(plan: DemoPlan, { onEvent, signal }: DemoOptions = {}): Promise<DemoRecord> {
  signal?.throwIfAborted();
  const record = emptyRecord(plan);
  const children: Child[] = [];
  let ended = false;
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const abort = (): void => fail(signal?.reason);
  signal?.addEventListener('abort', abort);
  const emit = (event: DemoEvent): void => onEvent?.(event, record);
  const start = (name: string, entry: Entry, onMessage: (message: FromChild) => void): Child => {
    if (ended) throw new Error('the run has ended');
    const child = startChild(name, entry, onMessage, fail);
    children.push(child);
    return child;
  };
  try {
    await Promise.race([failed, play(record, start, emit)]);
    return record;
  } finally {
    ended = true;
    signal?.removeEventListener('abort', abort);
    await Promise.all(children.map((child) => child.stop()));
  }
}

/** The run without its ends: cloud, devices, streams. Each step waits for the processes that it needs. */
async function play(
  record: DemoRecord,
  start: (name: string, entry: Entry, onMessage: (message: FromChild) => void) => Child,
  emit: (event: DemoEvent) => void,
): Promise<void> {
  const { plan } = record;
  emit({ kind: 'starting' });
  const cloud = start('the cloud', 'cloud-entry', (message) => {
    if (message.kind === 'cloud') for (const report of message.cohorts) record.cohorts.set(report.cohort, report);
  });
  cloud.send({ kind: 'open-cloud', plan });
  record.address = (await cloud.next('ready')).address ?? '';
  const devices = record.devices.map((device) => {
    const child = start(device.id, 'device-entry', (message) => {
      if (message.kind === 'chunk') device.chunks.push(message);
      if (message.kind === 'chunk' || message.kind === 'done') device.counters = message;
      if (message.kind === 'done') device.done = true;
      if (message.kind === 'chunk') emit({ kind: 'chunk', device });
    });
    child.send({ kind: 'open-device', plan, cohort: device.cohort.name, device: device.id, cloud: record.address });
    return child;
  });
  await Promise.all(devices.map((device) => device.next('ready')));
  emit({ kind: 'streaming' });
  const ask = turnsOf(cloud);
  await Promise.all(
    plan.cohorts.map(({ name }) =>
      rounds(
        devices.filter((_, i) => record.devices[i]?.cohort.name === name),
        async () => {
          const report = (await ask()).find(({ cohort }) => cohort === name);
          if (report !== undefined) record.cohorts.set(name, report);
          return report?.version ?? 0;
        },
      ),
    ),
  );
  const done = devices.map((device) => device.next('done'));
  for (const device of devices) device.send({ kind: 'finish' });
  await Promise.all(done);
  await cloud.next('cloud');
  emit({ kind: 'finished' });
}

/**
 * The rounds of one cohort: all its devices predict a few images; then one after the other uploads what it has
 * selected, and the cloud has done with it before the next one does; then all take the version that came of it. What
 * the clock says changes nothing.
 *
 * @param settle resolves with the cohort's version when the cloud has done with everything
 */
async function rounds(devices: readonly Child[], settle: () => Promise<number>): Promise<void> {
  let version = 0;
  for (;;) {
    const predicted = await Promise.all(devices.map((device) => exchange(device, { kind: 'predict' }, 'predicted')));
    if (!predicted.some(({ more }) => more)) return;
    for (const device of devices) {
      const { samples } = await exchange(device, { kind: 'upload' }, 'uploaded');
      if (samples > 0) version = await settle();
    }
    await Promise.all(devices.map((device) => exchange(device, { kind: 'take', version }, 'taken')));
  }
}

function exchange<K extends FromChild['kind']>(
  child: Child,
  message: ToChild,
  kind: K,
): Promise<Extract<FromChild, { kind: K }>> {
  const answer = child.next(kind);
  child.send(message);
  return answer;
}

/** Asks the cloud to settle, one question at a time: an answer is to the question before it. */
function turnsOf(cloud: Child): () => Promise<readonly CohortReport[]> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const answer = last.then(async () => (await exchange(cloud, { kind: 'settle' }, 'settled')).cohorts);
    last = answer.catch(() => undefined);
    return answer;
  };
}
