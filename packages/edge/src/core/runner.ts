import {
  AnnounceRequestSchema,
  create,
  type Device as DeviceMessage,
  errorFromGrpc,
  followRoots,
  fromBinary,
  type ModelFactsMessage,
  type OpenedVersion,
  openVersion,
  parseAnnounceResponse,
  parseUploadResponse,
  parseWatchResponse,
  type Receiver,
  RenormError,
  type Root,
  reasonOf,
  UploadRequestSchema,
  VersionSchema,
  WatchRequestSchema,
  type WatchResponse,
} from '@renorm/protocol';
import type { Tell } from './device-events.js';
import type { Effect, EffectOf, SessionEvent } from './effects.js';
import type { Clock, Inference, Random, Remembered, Transport, Trust } from './platform.js';
import type { Probation } from './probation.js';
import { step } from './session.js';
import type { Session } from './session-state.js';
import { keep } from './state/keep.js';
import type { Keeper } from './state/keeper.js';
import { dataKey, readData } from './state/records.js';

/** What a runner carries effects out with. */
export interface RunnerParts {
  readonly device: DeviceMessage;
  /** What the device takes its model for. */
  readonly model: ModelFactsMessage;
  /** 16 random bytes that name the sequences, of this run and of those before whose counter is known. */
  readonly uploadSession: Uint8Array;
  /** Tries versions before they serve. */
  readonly probation: Probation;
  /** What outlives this run. */
  readonly keeper: Keeper;
  readonly inference: Inference;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly trust?: Trust;
  readonly tell: Tell;
}

/** Timers of platforms hold 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Steps a session and carries out what each step asks for, in its order. Decides nothing. */
export class Runner {
  readonly #parts: RunnerParts;
  #session: Session;
  readonly #events: SessionEvent[] = [];
  #isStepping = false;
  #cancelTimer: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  /** Resolves when everything so far is remembered, or cannot be. */
  #remembering: Promise<void> = Promise.resolve();

  constructor(session: Session, parts: RunnerParts) {
    this.#session = session;
    this.#parts = parts;
  }

  /** As it is now. */
  get session(): Session {
    return this.#session;
  }

  /** Something happened. Events that come during a step wait for its end. */
  dispatch(event: SessionEvent): void {
    this.#events.push(event);
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next);
    this.#isStepping = false;
  }

  /** Ends it, and resolves when what was to be remembered is. */
  async close(): Promise<void> {
    this.dispatch({ kind: 'close' });
    this.#cancelTimer?.();
    await this.#remembering;
  }

  /** Tries the version that serves once more: it looks as if it had gone bad. */
  async doubt(): Promise<void> {
    const { inference, probation } = this.#parts;
    const { number } = this.#session.versions.serving;
    try {
      await probation.prove(number, async (input) => {
        const { logits, version } = await inference.run(input);
        // Another serves meanwhile, and was tried before it did.
        if (version !== number) throw new RenormError('CLOSED', 'it serves no more.');
        return logits;
      });
    } catch (error) {
      if (error instanceof RenormError && error.code === 'VERSION_UNFIT')
        this.dispatch({ kind: 'unfit', number, error });
    }
  }

  #step(event: SessionEvent): void {
    const { clock, random } = this.#parts;
    const { bytesUp, bytesDown } = this.#parts.transport.counters;
    const now = { at: clock.monotonic(), date: clock.now(), wire: { bytesUp, bytesDown } };
    const { session, effects } = step(this.#session, event, now, random.fraction());
    this.#session = session;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'unwatch':
        this.#cancelWatch?.();
        this.#cancelWatch = undefined;
        break;
      case 'remember':
        this.#remembering = this.#remembering.then(() => this.#remember(effect.remembered));
        break;
      case 'spool':
      case 'number':
      case 'forget':
      case 'hold':
      case 'account':
        keep(effect, this.#parts, this.#session.versions.newest);
        break;
      case 'announce':
        void this.#announce(effect);
        break;
      case 'watch':
        this.#watch(effect);
        break;
      case 'verify':
        void this.#verify(effect);
        break;
      case 'load':
        void this.#load(effect);
        break;
      case 'upload':
        void this.#upload(effect);
        break;
      case 'tell':
        this.#parts.tell(effect.name, effect.payload);
        break;
      case 'wake':
        this.#wake(effect.at);
        break;
    }
  }

  async #announce({ connection, running, root }: EffectOf<'announce'>): Promise<void> {
    const { transport, device, model, trust } = this.#parts;
    const request = { device, model, running: onWire(running), rootVersion: BigInt(root?.version ?? 0) };
    try {
      const welcome = parseAnnounceResponse(await transport.announce(create(AnnounceRequestSchema, request)));
      const newest = root && trust && (await followRoots(trust.ed25519, root, welcome.roots));
      this.dispatch({ kind: 'announced', connection, welcome, ...(newest && { root: newest }) });
    } catch (error) {
      this.dispatch({ kind: 'not-announced', connection, error: errorFromGrpc(error) });
    }
  }

  #watch({ connection, running }: EffectOf<'watch'>): void {
    const { transport, device } = this.#parts;
    this.#cancelWatch = transport.watch(create(WatchRequestSchema, { device, running: onWire(running) }), {
      onResponse: (response) => this.dispatch({ kind: 'arrived', connection, response }),
      onEnd: (error) => this.dispatch({ kind: 'ended', connection, error: errorFromGrpc(error) }),
    });
  }

  async #verify({ connection, response, receiver }: EffectOf<'verify'>): Promise<void> {
    try {
      const opened = await checkVersion(this.#parts.trust, response, receiver);
      this.dispatch({ kind: 'verified', connection, opened });
    } catch (error) {
      this.dispatch({ kind: 'not-verified', connection, error: errorFromGrpc(error) });
    }
  }

  async #load({ version }: EffectOf<'load'>): Promise<void> {
    try {
      await this.#remembering;
      const { inference, probation } = this.#parts;
      await inference.load(version, (predict) => probation.prove(version.number, predict));
      this.dispatch({ kind: 'loaded' });
    } catch (cause) {
      // The device was closed meanwhile: nothing is wrong with the version.
      if (cause instanceof RenormError && cause.code === 'CLOSED') return;
      this.dispatch({ kind: 'not-loaded', error: asRefusal(version.number, cause) });
    }
  }

  async #upload({ connection, batch }: EffectOf<'upload'>): Promise<void> {
    const { transport, device, uploadSession: session, keeper } = this.#parts;
    try {
      // Its sequences are on the disk before the cloud knows them: after a crash the same samples come under the same
      // ones.
      await keeper.settled();
      const samples = await Promise.all(
        batch.map(async ({ ticket, sequence }) => ({
          ...readData(await keeper.get(dataKey(ticket))),
          sequence: BigInt(sequence),
        })),
      );
      const response = await transport.upload(create(UploadRequestSchema, { device, session, samples }));
      this.dispatch({ kind: 'uploaded', receipt: parseUploadResponse(response) });
    } catch (error) {
      this.dispatch({ kind: 'not-uploaded', connection, error: errorFromGrpc(error) });
    }
  }

  async #remember(remembered: Remembered): Promise<void> {
    try {
      await this.#parts.trust?.memory?.write(remembered);
    } catch (cause) {
      const error =
        cause instanceof RenormError
          ? cause
          : new RenormError('DATA_NOT_WRITABLE', `the trust memory cannot be written (${reasonOf(cause)}).`, { cause });
      this.dispatch({ kind: 'not-remembered', error });
    }
  }

  #wake(at: number | undefined): void {
    const { clock } = this.#parts;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (at === undefined) return;
    const ms = Math.min(Math.max(0, at - clock.monotonic()), LONGEST_TIMER_MS);
    this.#cancelTimer = clock.after(ms, () => this.dispatch({ kind: 'tick' }));
  }
}

/**
 * Checks all that has to be checked about a message before it is decoded. A device without trust takes it on its word.
 *
 * @throws RenormError as `openVersion`, RESPONSE_INVALID
 */
export async function checkVersion(
  trust: { readonly ed25519: Trust['ed25519']; readonly root?: Root } | undefined,
  response: WatchResponse,
  receiver: Receiver | undefined,
): Promise<OpenedVersion> {
  if (trust !== undefined && receiver !== undefined) return openVersion(trust.ed25519, response, receiver);
  const { signedVersion } = response;
  if (signedVersion === undefined) return { version: parseWatchResponse(response), rolledBack: false, signers: [] };
  try {
    return { version: fromBinary(VersionSchema, signedVersion.message), rolledBack: false, signers: [] };
  } catch (cause) {
    throw new RenormError('RESPONSE_INVALID', 'the cloud sent a signed version that is none.', { cause });
  }
}

const onWire = ({ number, digest }: { readonly number: number; readonly digest: Uint8Array }) => ({
  number: BigInt(number),
  digest,
});

function asRefusal(number: number, cause: unknown): RenormError {
  if (cause instanceof RenormError) return cause;
  return new RenormError(
    'VERSION_REFUSED',
    `version ${number} cannot be loaded (${reasonOf(cause)}); the version before goes on.`,
    { cause },
  );
}
