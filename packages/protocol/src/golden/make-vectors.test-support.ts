// Makes proto/vectors anew: node packages/protocol/dist/golden/make-vectors.test-support.js
// Only after a change of the protocol (its images: test/conformance/python/make_image_vectors.py): what is committed is
// what other implementations are held against.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { create, toBinary } from '@bufbuild/protobuf';
import { float32ToBytes, toHex } from '../bytes.js';
import type { GridTensor } from '../delta/parameter-grid.js';
import { RansEncoder } from '../delta/rans-encoder.js';
import { BLOCK, CONTEXTS, METHOD } from '../delta/tensor-format.js';
import { type LastScales, type TensorPlan, writeTensor } from '../delta/write-tensor.js';
import { type Version, VersionSchema, WatchResponseSchema } from '../gen/renorm/v1/adaptation_pb.js';
import { SignedMessageSchema } from '../gen/renorm/v1/trust_pb.js';
import { concatenate, type ParameterSet } from '../parameters.js';
import { seededRandom } from '../random.js';
import { webEd25519 } from '../trust/ed25519.js';
import { signRoot } from '../trust/root.js';
import { signRollback, signVersion } from '../trust/signed-version.js';
import { addOffsets, decodeDifference, exportedVersion, type VersionState, versionAt } from '../version-codec.js';
import { encodeSnapshot } from '../version-encoder.js';
import { sampleVectors } from './sample-vectors.test-support.js';

const folder = fileURLToPath(new URL('../../../../proto/vectors/', import.meta.url));
const random = seededRandom(20_261_123);
const AT = 1_700_000_000_000;

function exportedParameters(): ParameterSet {
  const values = (length: number, draw: () => number): Float32Array => Float32Array.from({ length }, draw);
  return new Map([
    ['first/gamma', values(70, () => 0.5 + random())],
    ['first/beta', values(70, () => random() - 0.5)],
    ['first/mean', values(70, () => (random() - 0.5) * 20)],
    ['first/variance', values(70, () => 10 ** (random() * 6 - 4))],
    ['second/gamma', values(9, () => 1)],
    ['second/beta', values(9, () => 0)],
  ]);
}

/** A plan with random steps in the range of a method. */
function planOf({ length }: GridTensor, method: number): TensorPlan {
  const largest =
    method === METHOD.dense
      ? 2 ** 20
      : method <= 8
        ? Math.max(1, 2 ** (method - 2))
        : method === METHOD.ternary
          ? 1
          : 64;
  const density = method >= METHOD.ternary ? 0.1 : 0.6;
  const one = (): number => {
    if (method === METHOD.unchanged || random() > density) return 0;
    return (random() < 0.5 ? -1 : 1) * (1 + Math.floor(random() * largest));
  };
  const isQuantised = method >= METHOD.quantised && method <= 8;
  const blocks =
    isQuantised && length > BLOCK
      ? Array.from({ length: Math.ceil(length / BLOCK) }, () => Math.floor(random() * 4))
      : [];
  return {
    method,
    shift: Math.floor(random() * 8) + (method === METHOD.dense ? 0 : 14),
    blocks,
    steps: Float64Array.from({ length }, one),
  };
}

function deltaOf(
  parent: VersionState,
  methods: readonly number[],
  shiftBy = 0,
): { version: Version; next: VersionState } {
  const { grid } = parent;
  const encoder = new RansEncoder(CONTEXTS);
  const last: LastScales = [];
  grid.tensors.forEach((tensor, t) => {
    const plan = planOf(tensor, methods[t] as number);
    writeTensor(encoder, tensor, { ...plan, shift: plan.shift + shiftBy }, last);
  });
  const difference = {
    $typeName: 'renorm.v1.Difference' as const,
    count: grid.exported.length,
    data: encoder.finish(),
  };
  const number = parent.number + 1;
  const offsets = addOffsets(parent.offsets, decodeDifference(grid, difference, number));
  const next = versionAt(parent, offsets, { number, publishedAtMs: AT + number });
  const version = create(VersionSchema, {
    number: BigInt(number),
    digest: next.digest,
    publishedAtMs: BigInt(AT + number),
    content: {
      case: 'delta',
      value: { parent: { number: BigInt(parent.number), digest: parent.digest }, difference },
    },
  });
  return { version, next };
}

const write = (name: string, bytes: Uint8Array): void => writeFileSync(`${folder}${name}`, bytes);
const writeJson = (name: string, value: unknown): void =>
  writeFileSync(`${folder}${name}`, `${JSON.stringify(value, null, 2)}\n`);
const dataOf = ({ content }: Version): Uint8Array =>
  content.case === 'delta' ? (content.value.difference?.data ?? new Uint8Array()) : new Uint8Array();

/** A copy of a version with its data changed. */
function withData(version: Version, change: (data: Uint8Array) => Uint8Array): Version {
  const copy = structuredClone(version);
  if (copy.content.case === 'delta' && copy.content.value.difference !== undefined)
    copy.content.value.difference.data = change(copy.content.value.difference.data);
  return copy;
}

async function makeVectors(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const exported = exportedVersion(exportedParameters());
  const states: VersionState[] = [exported];
  const listed: unknown[] = [];
  writeJson(
    'layout.json',
    exported.grid.tensors.map(({ name, length, unitExponent }) => ({ name, length, unitExponent })),
  );
  write('0.f32', float32ToBytes(concatenate(exported.parameters)));
  for (let i = 0; i < 12; i++) {
    const methods = exported.grid.tensors.map((_, t) => (i + t * 2) % 11);
    const { version, next } = deltaOf(states[i] as VersionState, methods);
    states.push(next);
    write(`${next.number}.version`, toBinary(VersionSchema, version));
    write(`${next.number}.f32`, float32ToBytes(concatenate(next.parameters)));
    listed.push({
      file: `${next.number}.version`,
      number: next.number,
      parent: i,
      methods,
      digest: toHex(next.digest),
    });
  }
  const sixth = states[6] as VersionState;
  write('6.snapshot', toBinary(VersionSchema, encodeSnapshot({ ...sixth, publishedAtMs: AT })));
  listed.push({ file: '6.snapshot', number: 6, parent: null, digest: toHex(sixth.digest) });
  writeJson('versions.json', listed);
  refusedVectors(exported);
  await signedVectors(exported, states[1] as VersionState);
}

function refusedVectors(held: VersionState): void {
  const good = deltaOf(held, [3, 2, 9, 1, 10, 2]).version;
  const cases: [string, string, Version][] = [
    ['cut', 'the data end early', withData(good, (data) => data.slice(0, -1))],
    ['longer', 'a byte follows the end', withData(good, (data) => Uint8Array.of(...data, 0))],
    ['empty', 'the data have no head', withData(good, () => new Uint8Array())],
    ['head', 'the state begins below 2^20', withData(good, (data) => Uint8Array.of(0, 0, 0, 1, ...data.slice(4)))],
    [
      'bit',
      'one bit of the data is another',
      withData(good, (data) => data.map((byte, i) => (i === 20 ? byte ^ 1 : byte))),
    ],
  ];
  const changed = (change: (version: Version) => void): Version => {
    const copy = structuredClone(good);
    change(copy);
    return copy;
  };
  cases.push(
    ['digest', 'it decodes to another digest', changed((version) => (version.digest = new Uint8Array(32)))],
    ['content', 'it has no content', changed((version) => (version.content = { case: undefined }))],
    ['number', 'its number is above 2^53 - 1', changed((version) => (version.number = 2n ** 60n))],
    [
      'parent',
      'its parent is another',
      changed(({ content }) => {
        if (content.case === 'delta' && content.value.parent !== undefined)
          content.value.parent.digest = new Uint8Array(32);
      }),
    ],
    [
      'count',
      'it has another number of values',
      changed(({ content }) => {
        if (content.case === 'delta' && content.value.difference !== undefined) content.value.difference.count -= 1;
      }),
    ],
  );
  for (const [name, , version] of cases) write(`refused-${name}.version`, toBinary(VersionSchema, version));
  writeJson(
    'refused.json',
    cases.map(([name, why]) => ({ file: `refused-${name}.version`, held: 0, why })),
  );
  if (dataOf(good).length < 21) throw new Error('the damaged bit is behind the end');
}

async function signedVectors(exported: VersionState, first: VersionState): Promise<void> {
  const [rootKey, signingKey, stranger] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const role = async (key: Uint8Array) => ({ keys: [await webEd25519.publicKeyOf(key)], threshold: 1 });
  const expiresAtMs = AT + 1_000_000;
  const root = await signRoot(
    webEd25519,
    { version: 1, expiresAtMs, root: await role(rootKey), signing: await role(signingKey) },
    [rootKey],
  );
  const envelope = {
    modelDigest: new Uint8Array(32).fill(9),
    cohort: 'lobby',
    parentDigest: exported.digest,
    expiresAtMs,
  };
  const version = encodeSnapshot({ ...first, publishedAtMs: AT });
  const sign = (changes: Partial<typeof envelope> = {}, key = signingKey) =>
    signVersion(webEd25519, version, { ...envelope, ...changes }, [key]);
  const good = await sign();
  const to = { number: 1, digest: first.digest };
  const rollback = await signRollback(webEd25519, { ...envelope, fromNumber: 5, to }, [signingKey]);
  const damaged = structuredClone(good);
  (damaged.signatures[0] as { signature: Uint8Array }).signature[5]! ^= 1;
  const responses = [
    ['signed', null, { signedVersion: good }],
    ['rolled-back', null, { signedVersion: good, rollback }],
    ['bare', 'SIGNATURE_MISSING', { version }],
    ['damaged', 'SIGNATURE_INVALID', { signedVersion: damaged }],
    ['stranger', 'KEY_UNKNOWN', { signedVersion: await sign({}, stranger) }],
    ['expired', 'VERSION_EXPIRED', { signedVersion: await sign({ expiresAtMs: AT - 1 }) }],
    ['other-model', 'VERSION_MISMATCH', { signedVersion: await sign({ modelDigest: new Uint8Array(32).fill(8) }) }],
    ['other-cohort', 'VERSION_MISMATCH', { signedVersion: await sign({ cohort: 'cellar' }) }],
  ] as const;
  write('root.signed', toBinary(SignedMessageSchema, root));
  for (const [name, , response] of responses)
    write(`${name}.response`, toBinary(WatchResponseSchema, create(WatchResponseSchema, response)));
  writeJson('signed.json', {
    root: 'root.signed',
    nowMs: AT,
    cohort: envelope.cohort,
    modelDigest: toHex(envelope.modelDigest),
    secretKeys: { root: toHex(rootKey), signing: toHex(signingKey) },
    responses: responses.map(([name, refusal]) => ({
      file: `${name}.response`,
      refusal,
      held: name === 'rolled-back' ? 5 : 0,
      newest: name === 'rolled-back' ? 5 : 0,
    })),
  });
}

await makeVectors();
for (const [name, bytes] of sampleVectors()) write(name, bytes);
