import {
  AnnounceResponseSchema,
  adaptationService,
  applyVersion,
  create,
  digestBytes,
  type Ed25519,
  followRoots,
  openVersion,
  parseAnnounceResponse,
  type Receiver,
  type Root,
  type SignedMessage,
  type SignedType,
  signMessage,
  signRollback,
  signRoot,
  signVersion,
  toBinary,
  WatchResponseSchema,
} from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';
import { madeUpVersions } from './made-up-versions.js';
import { type Prepared, received, type Target } from './target.js';

const NOW_MS = 1_700_000_000_000;
const COHORT = 'lobby';
const SERVICE = grpcDefinition(adaptationService);
const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const MODEL_DIGEST = filled(9);
const SECRETS = [1, 2, 3].map(filled);

/**
 * Signatures that anybody can make, at the price of a digest. Damaged messages are signed anew, so that what lies
 * behind the check of the signature is reached; the check itself has real ones in its own tests.
 */
const TOY_ED25519: Ed25519 = {
  async publicKeyOf(secretKey) {
    return digestBytes(secretKey);
  },
  async sign(secretKey, message) {
    return toySignature(digestBytes(secretKey), message);
  },
  async verify(publicKey, message, signature) {
    return Buffer.from(toySignature(publicKey, message)).equals(signature);
  },
};

function toySignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return digestBytes(Uint8Array.of(...publicKey, ...digestBytes(message)));
}

/** What a device of a root makes of a WatchResponse. */
export const signedVersionTarget: Target = {
  name: 'signed-version',
  about: 'WatchResponse, signed anew: openVersion, then applyVersion',
  async prepare(): Promise<Prepared> {
    const { held, versions } = madeUpVersions();
    const newest = held.number + 4;
    const receiver: Receiver = {
      ...{ root: rootOf(1), modelDigest: MODEL_DIGEST, cohort: COHORT, held, newest, nowMs: NOW_MS },
    };
    const envelope = { modelDigest: MODEL_DIGEST, cohort: COHORT, parentDigest: held.digest, expiresAtMs: NOW_MS + 1 };
    const corpus = await Promise.all(
      versions.map(async (version, i) => {
        const signedVersion = await signVersion(TOY_ED25519, version, envelope, SECRETS.slice(0, 1));
        const to = { number: Number(version.number), digest: version.digest };
        const rollback = await signRollback(TOY_ED25519, { ...envelope, fromNumber: newest, to }, SECRETS.slice(0, 1));
        return toBinary(
          WatchResponseSchema,
          create(WatchResponseSchema, { signedVersion, ...(i % 2 === 0 && { rollback }) }),
        );
      }),
    );
    return {
      corpus,
      async decode(bytes) {
        const response = received(SERVICE.watch.responseDeserialize, bytes);
        await signAnew(response.signedVersion, 'renorm.v1.Version', SECRETS.slice(0, 1));
        await signAnew(response.rollback, 'renorm.v1.Rollback', SECRETS.slice(0, 1));
        const { version } = await openVersion(TOY_ED25519, response, receiver);
        return applyVersion(held, version);
      },
    };
  },
};

/** What a device makes of the roots in an AnnounceResponse. */
export const rootsTarget: Target = {
  name: 'roots',
  about: 'roots of an AnnounceResponse, signed anew: followRoots',
  async prepare(): Promise<Prepared> {
    const chain = await Promise.all([2, 3, 4, 5].map((version) => signRoot(TOY_ED25519, rootOf(version), SECRETS)));
    const corpus = [1, 2, 4].map((count) => announceResponse(chain.slice(0, count)));
    return {
      corpus,
      async decode(bytes) {
        const { roots } = parseAnnounceResponse(received(SERVICE.announce.responseDeserialize, bytes));
        for (const root of roots) await signAnew(root, 'renorm.v1.RootMetadata', SECRETS);
        return followRoots(TOY_ED25519, rootOf(1), roots);
      },
    };
  },
};

/** What a device makes of an AnnounceResponse as it comes. */
export const announceResponseTarget: Target = {
  name: 'announce-response',
  about: 'AnnounceResponse: parseAnnounceResponse, followRoots',
  async prepare(): Promise<Prepared> {
    const roots = await Promise.all([2, 3].map((version) => signRoot(TOY_ED25519, rootOf(version), SECRETS)));
    return {
      corpus: [announceResponse([]), announceResponse(roots)],
      decode: (bytes) => {
        const welcome = parseAnnounceResponse(received(SERVICE.announce.responseDeserialize, bytes));
        return followRoots(TOY_ED25519, rootOf(1), welcome.roots);
      },
    };
  },
};

function announceResponse(roots: readonly SignedMessage[]): Uint8Array {
  const latest = { number: 7n, digest: filled(7) };
  const response = { latest, maxSamplesPerUpload: 32, budgetLeft: 0.5, roots: [...roots] };
  return toBinary(AnnounceResponseSchema, create(AnnounceResponseSchema, response));
}

function rootOf(version: number): Root {
  const [first, ...others] = SECRETS.map((secret) => digestBytes(secret)) as [Uint8Array, Uint8Array, Uint8Array];
  return {
    ...{ version, expiresAtMs: NOW_MS + 1000 },
    root: { keys: [first, ...others], threshold: 2 },
    signing: { keys: [first], threshold: 1 },
  };
}

/** Puts right signatures under a message, whatever it is. Signatures that are not understood stay beside them. */
async function signAnew(
  signed: SignedMessage | undefined,
  type: SignedType,
  secrets: readonly Uint8Array[],
): Promise<void> {
  if (signed === undefined) return;
  const { signatures } = await signMessage(TOY_ED25519, type, signed.message, secrets);
  signed.signatures = [...signatures, ...signed.signatures];
}
