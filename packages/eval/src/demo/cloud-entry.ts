import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cloud, type CloudEvent, startCloud } from '@renorm/cloud';
import { send, serveChild } from './child-entry.js';
import type { CohortReport } from './messages.js';

/**
 * The demonstration's cloud process: an embedded cloud on a free loopback port, with a data folder that goes when it
 * goes.
 */
let cloud: Cloud | undefined;
let folder: string | undefined;
let reporting: NodeJS.Timeout | undefined;

const STATUS_MILLISECONDS = 500;

serveChild({
  async handle(message) {
    if (message.kind === 'settle') {
      await cloud?.settled();
      send({ kind: 'settled', cohorts: await cohortReports() });
    }
    if (message.kind !== 'open-cloud') return;
    folder = await mkdtemp(join(tmpdir(), 'renorm-demo-'));
    const { edgeModel, foundationModel } = message.plan;
    cloud = await startCloud({
      ...{ edgeModel, foundationModel, data: folder, host: '127.0.0.1', port: 0, onEvent },
      // Replay is what a cloud does with time that it has left, and the stream's time leaves none. Sums of one thread
      // are the same everywhere.
      ...{ adaptation: { idleReplay: false }, threads: 1 },
    });
    send({ kind: 'ready', address: cloud.address });
    reporting = setInterval(() => void report(), STATUS_MILLISECONDS);
  },
  async close() {
    clearInterval(reporting);
    await cloud?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  },
  giveUp() {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  },
});

async function report(): Promise<void> {
  send({ kind: 'cloud', cohorts: await cohortReports() });
}

async function cohortReports(): Promise<CohortReport[]> {
  const status = await cloud?.status();
  const cohorts = status?.map(({ cohort, version, received, trained, lastStep }) => ({
    cohort,
    version,
    steps: lastStep?.step ?? 0,
    samples: received,
    pending: received - trained,
  }));
  return cohorts ?? [];
}

/** The cloud goes on when a step fails; the demonstration says so and ends. */
function onEvent(event: CloudEvent): void {
  if (event.kind === 'failed') throw event.error;
}
