import {
  create,
  type ErrorCode,
  encodeDelta,
  encodeSample,
  encodeSnapshot,
  exportedVersion,
  followRoots,
  type ParameterVersion,
  RenormError,
  type Root,
  type SignedMessage,
  signRollback,
  signRoot,
  signVersion,
  type VersionState,
  WatchResponseSchema,
  type Welcome,
  webEd25519,
} from '@renorm/protocol';
import { TUNING_DEFAULTS } from './device-options.js';
import type { Effect, SessionEvent } from './effects.js';
import type { Remembered } from './platform.js';
import { checkVersion } from './runner.js';
import { step } from './session.js';
import { initialSession, type Session } from './session-state.js';
import { pendingIn } from './upload-queue.js';

// Plays a scenario file against the pure session: commands in, effects out. The commands are methods of `Play`.

const exported = exportedVersion(new Map([['bn/gamma', Float32Array.of(1, 2)]]));
const MODEL = new Uint8Array(32).fill(9);
const COHORT = 'lobby';
const BEGIN = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const ROOT_KEY = new Uint8Array(32).fill(1);
const secretOf = (name: string): Uint8Array => new Uint8Array(32).fill(name.charCodeAt(0));
const sample = encodeSample({ data: Float32Array.of(0.5), shape: [1] });

/** What goes on with each sample would hide the rest. */
const QUIET: ReadonlySet<Effect['kind']> = new Set(['spool', 'number', 'forget']);

type Options = Readonly<Record<string, string>>;

/** One device over its restarts, its cloud, its clocks. */
export class Play {
  #session: Session | undefined;
  #now = { at: 1000, date: BEGIN };
  #memory: Remembered = { newest: 0, vouchedBy: [], roots: [] };
  readonly #versions = new Map<number, VersionState>([[0, exported]]);
  readonly #verifying: (Effect & { readonly kind: 'verify' })[] = [];

  /** Runs a command. @returns what it prints */
  async run(command: string): Promise<string> {
    const [name = '', ...words] = command.split(/\s+/);
    const options: Options = Object.fromEntries(
      words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
    );
    const [argument = ''] = words.filter((word) => !word.includes('='));
    const lines = await this.#command(name, argument, options);
    return lines.join('\n');
  }

  async #command(name: string, argument: string, options: Options): Promise<readonly string[]> {
    switch (name) {
      case 'open':
        return this.#open(argument === 'trust', options);
      case 'crash':
        this.#session = undefined;
        this.#verifying.length = 0;
        return [];
      case 'start':
      case 'close':
      case 'loaded':
        return this.#event({ kind: name });
      case 'cloud':
        return this.#cloud(options);
      case 'no-cloud':
        return this.#event({ kind: 'not-announced', connection: this.#at.connection, error: failure(argument) });
      case 'version':
        return this.#version(Number(argument), options);
      case 'verify':
        return this.#verify();
      case 'stream-ends':
        return this.#event({ kind: 'ended', connection: this.#at.connection, error: failure(argument) });
      case 'not-loaded':
        return this.#event({ kind: 'not-loaded', error: failure('VERSION_REFUSED') });
      case 'unfit':
        return this.#event({ kind: 'unfit', number: Number(argument), error: failure('VERSION_UNFIT') });
      case 'samples':
        return this.#times(Number(argument), {
          kind: 'sample',
          sample: { encoded: sample, version: 0, entropy: 1, kind: 'fair', score: 0 },
        });
      case 'decide':
        return this.#times(Number(argument), {
          kind: 'decided',
          upload: options.selected === 'yes',
          reason: options.reason ?? 'kept',
        });
      case 'uploaded':
        return this.#uploaded(options);
      case 'not-uploaded':
        if (!this.#at.uploads.isSending) throw new Error('nothing is on its way');
        return this.#event({
          kind: 'not-uploaded',
          connection: this.#at.connection,
          error: failure(argument, options['come-back']),
        });
      case 'hurry':
        return this.#event({ kind: 'hurry', on: argument === 'on' });
      case 'wait':
        return this.#wait(Number(argument));
      case 'date':
        this.#now = { ...this.#now, date: this.#now.date + Number(argument) };
        return this.#event({ kind: 'tick' });
      case 'status':
        return [this.#status()];
      default:
        throw new Error(`a scenario knows no command ${name}`);
    }
  }

  get #at(): Session {
    if (this.#session === undefined) throw new Error('no device is open; the command for it is: open');
    return this.#session;
  }

  async #open(trusts: boolean, options: Options): Promise<readonly string[]> {
    const { maxPending = 1024, linger = 1000, window = 1000 } = options;
    const setup = {
      ...{ ...TUNING_DEFAULTS, cohort: COHORT, modelDigest: MODEL },
      queue: { ...TUNING_DEFAULTS.queue, maxPending: Number(maxPending), lingerMs: Number(linger) },
      health: { ...TUNING_DEFAULTS.health, window: Number(window) },
    };
    const root = trusts
      ? await followRoots(webEd25519, await rootOf(1, options.key ?? 'A'), this.#memory.roots)
      : undefined;
    const lost =
      options.memory === 'damaged' ? { newest: 0, vouchedBy: [], roots: [], lost: 'it is empty' } : undefined;
    this.#session = initialSession(setup, exported, this.#now, root, lost ?? this.#memory);
    return [];
  }

  async #cloud({ latest = '0', max = '4', budget = '1', roots = '' }: Options): Promise<readonly string[]> {
    const { trust, connection } = this.#at;
    const signed = await Promise.all(roots.split(',').filter(Boolean).map(signedRoot));
    const welcome: Welcome = {
      latest: { number: Number(latest), digest: this.#versions.get(Number(latest))?.digest ?? MODEL },
      ...{ maxSamplesPerUpload: Number(max), budgetLeft: Number(budget), roots: signed },
    };
    try {
      const root = trust && (await followRoots(webEd25519, trust.root, signed));
      return this.#event({ kind: 'announced', connection, welcome, ...(root && { root }) });
    } catch (error) {
      return this.#event({ kind: 'not-announced', connection, error: error as RenormError });
    }
  }

  async #version(number: number, options: Options): Promise<readonly string[]> {
    const { from, value = number % 997, key = 'A', cohort = COHORT, days = 30, damaged } = options;
    const parent = this.#versions.get(Number(from ?? 0)) ?? exported;
    const target = new Map([['bn/gamma', Float32Array.of(1 + Number(value), 2)]]);
    const { version, decoded } = encodeDelta(parent, target, { number, publishedAtMs: BEGIN });
    this.#versions.set(number, decoded);
    const plain = from === undefined ? encodeSnapshot(decoded as ParameterVersion) : version;
    const message = damaged === undefined ? plain : { ...plain, digest: new Uint8Array(32) };
    const expiresAtMs = this.#now.date + Number(days) * DAY;
    const envelope = { modelDigest: MODEL, cohort, parentDigest: parent.digest, expiresAtMs };
    const signedVersion = await signVersion(webEd25519, message, envelope, [secretOf(key)]);
    const statement = { modelDigest: MODEL, cohort, fromNumber: Number(options.rollback), to: decoded, expiresAtMs };
    const rollback = options.rollback && (await signRollback(webEd25519, statement, [secretOf(key)]));
    const signed = { signedVersion, ...(rollback && { rollback }) };
    const response = create(WatchResponseSchema, options.key === 'none' ? { version: message } : signed);
    return this.#event({ kind: 'arrived', connection: this.#at.connection, response });
  }

  async #verify(): Promise<readonly string[]> {
    const effect = this.#verifying.shift();
    if (effect === undefined) return ['nothing to verify'];
    const { connection, response, receiver } = effect;
    try {
      const opened = await checkVersion({ ed25519: webEd25519 }, response, receiver);
      return this.#event({ kind: 'verified', connection, opened });
    } catch (error) {
      return this.#event({ kind: 'not-verified', connection, error: error as RenormError });
    }
  }

  #uploaded({ upto, budget = '1' }: Options): readonly string[] {
    const { inFlight } = this.#at.uploads.queue;
    if (inFlight.length === 0) throw new Error('nothing is on its way');
    const acknowledgedSequence = Number(upto ?? inFlight.at(-1)?.sequence ?? 0);
    return this.#event({
      kind: 'uploaded',
      receipt: { acknowledgedSequence, duplicates: 0, budgetLeft: Number(budget) },
    });
  }

  #times(count: number, event: SessionEvent): readonly string[] {
    return Array.from({ length: count }, () => this.#event(event)).flat();
  }

  /** Lets time pass, and wakes the session when it asked for it. */
  #wait(ms: number): readonly string[] {
    const end = this.#now.at + ms;
    const lines: string[] = [];
    for (let wakeAt = this.#at.wakeAt; wakeAt !== undefined && wakeAt <= end; wakeAt = this.#at.wakeAt) {
      const passed = Math.max(0, wakeAt - this.#now.at);
      this.#now = { at: this.#now.at + passed, date: this.#now.date + passed };
      const before = this.#session;
      const printed = this.#event({ kind: 'tick' });
      // A timer that only goes on sleeping is no news.
      if (printed.some((line) => !line.startsWith('wake'))) lines.push(`${ms - (end - this.#now.at)} ms:`, ...printed);
      // A wake that changes nothing would come again for ever.
      if (before?.wakeAt === this.#at.wakeAt) throw new Error(`it woke at ${wakeAt} and asks for the same again`);
    }
    this.#now = { at: end, date: this.#now.date + (end - this.#now.at) };
    return lines;
  }

  #event(event: SessionEvent): readonly string[] {
    const { session, effects } = step(this.#at, event, this.#now, 0.5);
    this.#session = session;
    for (const effect of effects) {
      if (effect.kind === 'remember') this.#memory = effect.remembered;
      if (effect.kind === 'verify') this.#verifying.push(effect);
    }
    return effects.filter(({ kind }) => !QUIET.has(kind)).map((effect) => this.#print(effect));
  }

  #print(effect: Effect): string {
    switch (effect.kind) {
      case 'remember':
        return `remember newest ${effect.remembered.newest}, ${effect.remembered.roots.length} roots`;
      case 'announce':
        return `announce, holding ${effect.running.number}${effect.root ? `, trusting root ${effect.root.version}` : ''}`;
      case 'watch':
        return `watch behind ${effect.running.number}`;
      case 'hold':
        return `hold ${effect.version.number}`;
      case 'load':
        return `load ${effect.version.number}`;
      case 'upload':
        return `upload ${effect.batch.map(({ sequence }) => sequence).join(' ')}`;
      case 'wake':
        return effect.at === undefined ? 'sleep' : `wake in ${Math.round(effect.at - this.#now.at)} ms`;
      case 'tell':
        return `tell ${told(effect)}`;
      default:
        return effect.kind;
    }
  }

  #status(): string {
    const { phase, versions, uploads, health, trust } = this.#at;
    const { serving, held, newest } = versions;
    const numbers = `serving ${serving.number}, held ${held.number}, newest ${newest}, root ${trust?.root.version ?? 0}`;
    const counts = `pending ${pendingIn(uploads.queue)}, uploaded ${uploads.uploaded}, dropped ${uploads.queue.dropped}`;
    return [phase, numbers, counts, ...health.conditions.map(({ code }) => code)].join('; ');
  }
}

function told({ name, payload }: Effect & { readonly kind: 'tell' }): string {
  switch (name) {
    case 'version':
      return `version ${payload.number}, before ${payload.previous}`;
    case 'connected':
      return `connected, latest ${payload.latest.number}`;
    case 'disconnected':
      return `disconnected ${payload.error.code}, again in ${payload.retryInMs} ms`;
    case 'error':
      return `error ${payload.code}`;
    case 'health':
      return `health ${payload.code}${payload.over ? ' is over' : ''}`;
    case 'decision':
    case 'left':
      return name;
  }
}

const failure = (code: string, comeBack?: string): RenormError =>
  new RenormError(code as ErrorCode, 'as the scenario says.', comeBack ? { comeBackMs: Number(comeBack) } : {});

async function rootOf(version: number, key: string): Promise<Root> {
  const role = async (...secrets: Uint8Array[]) => ({
    keys: await Promise.all(secrets.map((secret) => webEd25519.publicKeyOf(secret))),
    threshold: 1,
  });
  const signing = await role(...[...key].map(secretOf));
  return { version, expiresAtMs: BEGIN + 300 * DAY, root: await role(ROOT_KEY), signing };
}

/** @param text version:keys, for example 2:AB */
async function signedRoot(text: string): Promise<SignedMessage> {
  const [version = '', key = ''] = text.split(':');
  return signRoot(webEd25519, await rootOf(Number(version), key), [ROOT_KEY]);
}
