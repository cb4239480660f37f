import { RenormError, reasonOf } from '@renorm/protocol';

/**
 * What JetStream answers when it has no room: a stream at its `max_bytes` (10077), the server or the account at its
 * limits of storage or memory (10002, 10023, 10028, 10047), in its own numbers (server/errors.json of nats-server).
 */
const FULL: readonly unknown[] = [10002, 10023, 10028, 10047, 10077];
/**
 * Another writer was first: the subject's last message is not the one that was expected (10071; 10164 where it does not
 * say which).
 */
const OUTRUN: readonly unknown[] = [10071, 10164];
/** Errors of the client that say nothing but that nobody answered. */
const AWAY = [
  'TimeoutError',
  'NoRespondersError',
  'RequestError',
  'ConnectionError',
  'ClosedConnectionError',
  'DrainingConnectionError',
  'JetStreamNotEnabled',
];
/** No leader just now, or the server shuts down. */
const NOT_NOW: readonly unknown[] = [10008, 10009];

const codeOf = (cause: unknown): unknown => (cause as { code?: unknown } | undefined)?.code;

/** Whether a write came too late: the message that it was to follow is no longer the last. */
export const isOutrun = (cause: unknown): boolean => OUTRUN.includes(codeOf(cause));

/** What a failed call of the cluster means. @param store names it in messages */
export function clusterError(cause: unknown, store: string): unknown {
  if (cause instanceof RenormError || !(cause instanceof Error)) return cause;
  if (FULL.includes(codeOf(cause)))
    return new RenormError(
      'DISK_FULL',
      `the store ${store} is full (${cause.message}); nothing of this was acknowledged. Give its streams or its servers more room: devices send again by themselves.`,
      { cause },
    );
  if (AWAY.includes(cause.name) || NOT_NOW.includes(codeOf(cause))) return unreachable(store, cause);
  return cause;
}

/** Nobody knows whether what was asked for happened: whoever asks again finds out. */
export const unreachable = (store: string, cause: unknown): RenormError =>
  new RenormError(
    'STORE_UNREACHABLE',
    `the store ${store} does not answer (${reasonOf(cause) || 'no answer in time'}); nothing of this was acknowledged. It is tried again by itself; look whether nats-server runs there with JetStream, and takes this user.`,
    { cause },
  );
