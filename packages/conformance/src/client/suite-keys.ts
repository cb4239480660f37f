import {
  create,
  fromBinary,
  type Root,
  type SignedMessage,
  SignedMessageSchema,
  signRollback,
  signRoot,
  signVersion,
  toBinary,
  type Version,
  type VersionState,
  WatchResponseSchema,
  webEd25519,
} from '@renorm/protocol';
import { type ClientContext, COHORT } from './context.js';

const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
/** Secret keys of the suite: anybody may know them. */
export const KEYS = {
  root: secret(11),
  nextRoot: secret(12),
  signing: secret(21),
  nextSigning: secret(22),
  stranger: secret(99),
};

const FAR = 4_000_000_000_000;

/** What of a signed version is not as usual. */
export interface SignedChanges {
  readonly modelDigest?: Uint8Array;
  readonly cohort?: string;
  readonly parentDigest?: Uint8Array;
  readonly expiresAtMs?: number;
  readonly key?: Uint8Array;
}

/** Root metadata, signed. */
export async function rootBytes(
  version: number,
  {
    rootKey = KEYS.root,
    signing = KEYS.signing,
    signers = [rootKey],
    expiresAtMs = FAR,
  }: {
    rootKey?: Uint8Array;
    signing?: Uint8Array;
    signers?: readonly Uint8Array[];
    expiresAtMs?: number;
  } = {},
): Promise<Uint8Array> {
  const role = async (key: Uint8Array) => ({ keys: [await webEd25519.publicKeyOf(key)], threshold: 1 });
  const root: Root = { version, expiresAtMs, root: await role(rootKey), signing: await role(signing) };
  return toBinary(SignedMessageSchema, await signRoot(webEd25519, root, [...signers]));
}

/** A version as a cloud with the suite's signing key sends it. */
export async function signed(
  context: ClientContext,
  version: Version,
  changes: SignedChanges = {},
): Promise<SignedMessage> {
  const { exported, digest } = context.setup.model;
  const parent = version.content.case === 'delta' ? version.content.value.parent : undefined;
  const { key = KEYS.signing, ...different } = changes;
  const envelope = {
    modelDigest: digest,
    cohort: COHORT,
    parentDigest: parent?.digest ?? exported.digest,
    expiresAtMs: FAR,
  };
  return signVersion(webEd25519, version, { ...envelope, ...different }, [key]);
}

/** A rollback to a version. */
export async function rollbackTo(
  context: ClientContext,
  to: VersionState,
  fromNumber: number,
  changes: { readonly expiresAtMs?: number; readonly key?: Uint8Array; readonly cohort?: string } = {},
): Promise<SignedMessage> {
  const { key = KEYS.signing, ...different } = changes;
  const statement = { modelDigest: context.setup.model.digest, cohort: COHORT, fromNumber, to, expiresAtMs: FAR };
  return signRollback(webEd25519, { ...statement, ...different }, [key]);
}

/** The message of a stream. */
export function responseOf(signedVersion: SignedMessage | undefined, rollback?: SignedMessage): Uint8Array {
  const message = create(WatchResponseSchema, {
    ...(signedVersion !== undefined && { signedVersion }),
    ...(rollback !== undefined && { rollback }),
  });
  return toBinary(WatchResponseSchema, message);
}

/** A copy of a signed message with something changed. */
export function damaged(message: SignedMessage, change: (of: SignedMessage) => Partial<SignedMessage>): SignedMessage {
  return Object.assign(fromBinary(SignedMessageSchema, toBinary(SignedMessageSchema, message)), change(message));
}
