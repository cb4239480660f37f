import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { test } from 'tap';
import { bytesToFloat32, float32ToBytes, toHex } from '../bytes.js';
import { SampleSchema, VersionSchema, WatchResponseSchema } from '../gen/renorm/v1/adaptation_pb.js';
import { SignedMessageSchema } from '../gen/renorm/v1/trust_pb.js';
import { concatenate, type ParameterSet } from '../parameters.js';
import { decodeSample } from '../sample-codec.js';
import { parseSelection, type Selection } from '../selection.js';
import { webEd25519 } from '../trust/ed25519.js';
import { openRoot } from '../trust/root.js';
import { openVersion } from '../trust/signed-version.js';
import { applyVersion, exportedVersion, type VersionState } from '../version-codec.js';

const folder = fileURLToPath(new URL('../../../../proto/vectors/', import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${folder}${name}`));
const readJson = (name: string): never => JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as never;

function exported(): VersionState {
  const layout: { name: string; length: number }[] = readJson('layout.json');
  const values = bytesToFloat32(read('0.f32'));
  let start = 0;
  const parameters: ParameterSet = new Map(
    layout.map(({ name, length }) => {
      start += length;
      return [name, values.slice(start - length, start)];
    }),
  );
  return exportedVersion(parameters);
}

test('every version decodes to its parameters, to the bit', async (t) => {
  const states = new Map([[0, exported()]]);
  const versions: { file: string; number: number; parent: number | null; methods?: number[]; digest: string }[] =
    readJson('versions.json');
  for (const { file, number, parent, digest } of versions) {
    const held = states.get(parent ?? 0) as VersionState;
    const version = applyVersion(held, fromBinary(VersionSchema, read(file)));
    t.equal(toHex(version.digest), digest, file);
    t.same(float32ToBytes(concatenate(version.parameters)), read(`${number}.f32`), file);
    states.set(number, version);
  }
  const methods = new Set(versions.flatMap((each) => each.methods ?? []));
  t.same(
    [...methods].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    'every method occurs',
  );
  t.same(
    (readJson('layout.json') as { unitExponent: number }[]).map(({ unitExponent }) => unitExponent),
    exported().grid.tensors.map(({ unitExponent }) => unitExponent),
  );
});

test('what has to be refused is refused', async (t) => {
  const refused: { file: string; why: string }[] = readJson('refused.json');
  t.ok(refused.length >= 10);
  for (const { file, why } of refused) {
    t.throws(() => applyVersion(exported(), fromBinary(VersionSchema, read(file))), { code: /^VERSION_/ }, why);
  }
});

test('every sample decodes to its values, to the bit', async (t) => {
  const samples: { file: string; shape: number[]; values: string; selection?: Selection }[] = readJson('samples.json');
  for (const { file, shape, values, selection } of samples) {
    const message = fromBinary(SampleSchema, read(file));
    t.same(float32ToBytes(decodeSample(message, shape).data), read(values), file);
    t.same(parseSelection(message.selection), selection, file);
  }
  t.ok(samples.length >= 8);
});

test('signed responses are taken or refused by name', async (t) => {
  const signed: {
    nowMs: number;
    cohort: string;
    modelDigest: string;
    responses: { file: string; refusal: string | null; held: number; newest: number }[];
  } = readJson('signed.json');
  const { nowMs, cohort } = signed;
  const root = await openRoot(webEd25519, fromBinary(SignedMessageSchema, read('root.signed')));
  const modelDigest = new Uint8Array(Buffer.from(signed.modelDigest, 'hex'));
  for (const { file, refusal, held: number, newest } of signed.responses) {
    const held = { number, digest: exported().digest };
    const opened = openVersion(webEd25519, fromBinary(WatchResponseSchema, read(file)), {
      ...{ root, cohort, modelDigest, held, newest, nowMs },
    });
    if (refusal === null) t.equal((await opened).version.number, 1n, file);
    else await t.rejects(opened, { code: refusal }, file);
  }
  t.ok(readdirSync(folder).length > 30);
});
