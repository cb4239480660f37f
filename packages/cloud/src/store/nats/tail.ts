import type { JsMsg } from '@nats-io/jetstream';
import type { Cluster } from './cluster.js';

/** What is followed. */
export interface Tail {
  readonly stream: string;
  /** Subjects, with `*` for any token. */
  readonly subject: string;
  /** Number of the first message that is wanted. */
  readonly from: number;
}

/** Messages that are on their way at a time. */
const IN_FLIGHT = 512;
/** A server that is gone without a word is noticed after two of these, in milliseconds. */
const HEARTBEAT_MS = 2_000;

/**
 * Calls back for every message from one on, without its body, in order and once, over losses of the connection and of
 * the server too.
 *
 * @returns ends it
 */
export async function follow(
  cluster: Cluster,
  tail: Tail,
  heard: (message: JsMsg) => void,
): Promise<() => Promise<void>> {
  const consumer = await ordered(cluster, tail);
  const messages = await consumer.consume({
    ...{ max_messages: IN_FLIGHT, idle_heartbeat: HEARTBEAT_MS, callback: heard },
  });
  return async () => {
    await messages.close();
    // The server ends it by itself in a few minutes where this does not reach it.
    await consumer.delete().catch(() => undefined);
  };
}

/** Calls back for every message from one on that is there now, without its body. */
export async function readHeaders(cluster: Cluster, tail: Tail, heard: (message: JsMsg) => void): Promise<void> {
  const consumer = await ordered(cluster, tail);
  try {
    let { num_pending: left } = await consumer.info(true);
    while (left > 0) {
      const before = left;
      const messages = await consumer.fetch({ max_messages: Math.min(left, IN_FLIGHT), expires: HEARTBEAT_MS });
      for await (const message of messages) {
        heard(message);
        left = message.info.pending;
      }
      // What was trimmed meanwhile does not come.
      if (left === before) return;
    }
  } finally {
    await consumer.delete().catch(() => undefined);
  }
}

const ordered = (cluster: Cluster, { stream, subject, from }: Tail) =>
  cluster.jetstream.consumers.get(stream, {
    ...{ filter_subjects: subject, opt_start_seq: from, headers_only: true },
  });
