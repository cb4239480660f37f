import { mkdtempSync, writeFileSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretKey, TokenAuthenticator, tokenDigest, writeSecretKey } from '@renorm/cloud';
import { readTrust } from '@renorm/edge/node';
import { imagePixels } from '@renorm/image';
import { decodeImage } from '@renorm/image/node';
import { parseModel, readParameters } from '@renorm/onnx';
import { readModelFile } from '@renorm/onnx/node';
import { type Root, SignedMessageSchema, signRoot, toBinary, webEd25519 } from '@renorm/protocol';
import { repositoryPath } from '../repository.js';
import type { Prepared, Target } from './target.js';

// What reads files: of users, of operators, and of the programs themselves.

const IMAGES = ['grey.jpg', 'progressive.jpg', 'turned.jpg', 'grey.png', 'palette.png', 'lossless.webp', 'lossy.webp'];
const SECRET = new Uint8Array(32).fill(1);

const folder = (): string => mkdtempSync(join(tmpdir(), 'renorm-fuzz-file-'));

/** A reader of a path, for bytes. Secrets are taken only from files that nobody else can read. */
function fromFile(read: (path: string) => unknown): (bytes: Uint8Array) => unknown {
  const path = join(folder(), 'input');
  return (bytes) => {
    writeFileSync(path, bytes, { mode: 0o600 });
    return read(path);
  };
}

const imageTarget: Target = {
  name: 'image',
  about: 'a JPEG, PNG or WebP file: decodeImage, imagePixels',
  async prepare(): Promise<Prepared> {
    const fit = { fit: 'crop', shorterSide: 8, filter: 'bicubic' } as const;
    return {
      corpus: await Promise.all(IMAGES.map((name) => readFile(repositoryPath(`proto/vectors/${name}`)))),
      decode: async (bytes) => imagePixels(await decodeImage(bytes), fit, [3, 8, 8]),
    };
  },
};

const parametersTarget: Target = {
  name: 'onnx-parameters',
  about: 'an ONNX file: parseModel, readParameters',
  async prepare(): Promise<Prepared> {
    const files = ['batch-norm-1d', 'folded-1d', 'instance-norm'].map((name) =>
      readFile(repositoryPath(`models/patterns/${name}.onnx`)),
    );
    return { corpus: await Promise.all(files), decode: (bytes) => readParameters(parseModel(bytes, 'fuzz.onnx')) };
  },
};

const externalDataTarget: Target = {
  name: 'onnx-external',
  about: 'an ONNX file with weights beside it: readModelFile',
  async prepare(): Promise<Prepared> {
    const beside = folder();
    const pattern = (name: string): string => repositoryPath(`models/patterns/external-data.${name}`);
    await copyFile(pattern('bin'), join(beside, 'external-data.bin'));
    const path = join(beside, 'model.onnx');
    return {
      corpus: [await readFile(pattern('onnx'))],
      async decode(bytes) {
        writeFileSync(path, bytes);
        return readParameters(await readModelFile(path));
      },
    };
  },
};

const trustTarget: Target = {
  name: 'trust-file',
  about: 'the root that a device is set up with: readTrust',
  async prepare(): Promise<Prepared> {
    return { corpus: [await signedRoot(1), await signedRoot(2)], decode: (bytes) => readTrust(bytes) };
  },
};

const memoryTarget: Target = {
  name: 'trust-memory',
  about: 'what a device remembers over a restart: readTrust',
  async prepare(): Promise<Prepared> {
    const [given, next] = [await signedRoot(1), await signedRoot(2)];
    const stored = { newest: 12, roots: [Buffer.from(next).toString('base64')] };
    return {
      corpus: [stored, { newest: 0, roots: [] }].map((each) => Buffer.from(JSON.stringify(each))),
      decode: fromFile((path) => readTrust(given, path)),
    };
  },
};

const keyTarget: Target = {
  name: 'key-file',
  about: 'a secret key: readSecretKey',
  async prepare(): Promise<Prepared> {
    const path = join(folder(), 'key.pem');
    writeSecretKey(path, SECRET);
    return { corpus: [await readFile(path)], decode: fromFile(readSecretKey) };
  },
};

const tokensTarget: Target = {
  name: 'tokens-file',
  about: 'which token belongs to which cohort: TokenAuthenticator',
  async prepare(): Promise<Prepared> {
    const lines = ['# doors', `${tokenDigest('a')} lobby`, `${tokenDigest('b')} cellar`, ''].join('\n');
    return {
      corpus: [Buffer.from(lines)],
      decode: fromFile((path) => authorized(path)),
    };
  },
};

function authorized(path: string): void {
  const authenticator = new TokenAuthenticator(path, () => undefined);
  authenticator.authorize(authenticator.identify('Bearer a'), 'lobby');
}

export const FILE_TARGETS: readonly Target[] = [
  imageTarget,
  parametersTarget,
  externalDataTarget,
  trustTarget,
  memoryTarget,
  keyTarget,
  tokensTarget,
];

async function signedRoot(version: number): Promise<Uint8Array> {
  const role = { keys: [await webEd25519.publicKeyOf(SECRET)], threshold: 1 };
  const root: Root = { version, expiresAtMs: 4e12, root: role, signing: role };
  return toBinary(SignedMessageSchema, await signRoot(webEd25519, root, [SECRET]));
}
