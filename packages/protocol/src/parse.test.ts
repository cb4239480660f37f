import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { test } from 'tap';
import {
  AnnounceRequestSchema,
  AnnounceResponseSchema,
  type SelectionSchema,
  UploadRequestSchema,
  UploadResponseSchema,
  WatchRequestSchema,
  WatchResponseSchema,
} from './gen/renorm/v1/adaptation_pb.js';
import { parseAnnounce, parseUpload, parseWatch } from './parse-request.js';
import { parseAnnounceResponse, parseUploadResponse, parseWatchResponse } from './parse-response.js';
import { encodeSample } from './sample-codec.js';
import { checkSelection } from './selection.js';

const digest = new Uint8Array(32).fill(1);
const device = { id: 'cam-1', cohort: 'lobby', modelDigest: digest };
const running = { number: 3n, digest };
const limits = { shape: [2], maxSamples: 3 };
const sample = (sequence: number, entropy = 0.5) => ({
  sequence: BigInt(sequence),
  version: 3n,
  entropy,
  ...encodeSample({ data: Float32Array.of(0, 1), shape: [2] }),
});
const upload = (fields: { session?: Uint8Array; samples?: ReturnType<typeof sample>[] }) =>
  create(UploadRequestSchema, { device, session: new Uint8Array(16), samples: [sample(1)], ...fields });

test('what a device says is parsed into plain numbers and strings', async (t) => {
  t.same(parseAnnounce(create(AnnounceRequestSchema, { device, running })), { device, running: { number: 3, digest } });
  t.same(parseWatch(create(WatchRequestSchema, { device, running })), { device, running: { number: 3, digest } });
  const parsed = parseUpload(upload({ samples: [sample(2), sample(7)] }), limits);
  t.same(
    parsed.samples.map(({ sequence, version, entropy }) => [sequence, version, entropy]),
    [
      [2, 3, 0.5],
      [7, 3, 0.5],
    ],
  );
  t.match(parsed.samples[0], { kind: 'tensor', tensor: { data: Float32Array.of(0, 1) } });
});

test('a device has a name out of the alphabet and a SHA-256 of its model', async (t) => {
  const invalid = (fields: Partial<typeof device> | undefined, message: RegExp): void => {
    const request = create(AnnounceRequestSchema, { running, ...(fields && { device: { ...device, ...fields } }) });
    t.throws(() => parseAnnounce(request), { code: 'REQUEST_INVALID', message });
  };
  invalid(undefined, /does not name its device/);
  for (const id of ['', 'a b', 'é', 'a/b', 'x'.repeat(129), 'a\n']) invalid({ id }, /the device id is/);
  invalid({ cohort: '../up' }, /the cohort is "..\/up"/);
  invalid({ modelDigest: new Uint8Array(31) }, /model digest has 31 bytes/);
});

test('the running version is named in full', async (t) => {
  const invalid = (reference: MessageInitShape<typeof AnnounceRequestSchema>['running'], message: RegExp): void => {
    const request = create(AnnounceRequestSchema, { device, ...(reference && { running: reference }) });
    t.throws(() => parseAnnounce(request), { code: 'REQUEST_INVALID', message });
  };
  invalid(undefined, /which version is running/);
  invalid({ number: 1n, digest: new Uint8Array(3) }, /digest of the running version has 3 bytes/);
  invalid({ number: 2n ** 53n, digest }, /above 2\^53 - 1/);
});

test('an upload is refused as a whole if any part is wrong', async (t) => {
  const invalid = (fields: Parameters<typeof upload>[0], code: string, message: RegExp): void => {
    t.throws(() => parseUpload(upload(fields), limits), { code, message });
  };
  invalid({ session: new Uint8Array(15) }, 'REQUEST_INVALID', /session has 15 bytes/);
  invalid({ samples: [] }, 'REQUEST_INVALID', /0 samples; send 1 to 3/);
  invalid({ samples: [1, 2, 3, 4].map((n) => sample(n)) }, 'REQUEST_INVALID', /4 samples; send 1 to 3/);
  invalid({ samples: [sample(0)] }, 'REQUEST_INVALID', /sequence 0 follows 0/);
  invalid({ samples: [sample(2), sample(2)] }, 'REQUEST_INVALID', /sequence 2 follows 2/);
  invalid({ samples: [sample(2), sample(1)] }, 'REQUEST_INVALID', /sequence 1 follows 2/);
  invalid({ samples: [sample(1), sample(2, NaN)] }, 'SAMPLE_INVALID', /entropy of sample 1 \(sequence 2\) is NaN/);
  invalid({ samples: [sample(1, -1)] }, 'SAMPLE_INVALID', /entropy/);
  invalid(
    { samples: [{ ...sample(1), shape: [3] }] },
    'SAMPLE_INVALID',
    /^SAMPLE_INVALID: sample 0 of the upload \(sequence 1\): the sample has shape/,
  );
  invalid({ samples: [{ ...sample(1), data: new Uint8Array(5) }] }, 'SAMPLE_INVALID', /does not decode/);
});

test('a sample may say why it was selected, in two words and a finite score', async (t) => {
  const parsed = (selection: MessageInitShape<typeof SelectionSchema> | undefined) =>
    parseUpload(upload({ samples: [{ ...sample(1), ...(selection && { selection }) }] }), limits).samples[0]?.selection;
  const good = { policy: 'cema', reason: 'A-Za-z0-9._-'.padEnd(32, 'x'), score: -2.5 };
  t.equal(parsed(undefined), undefined);
  t.same(parsed(good), good);
  t.same(parsed({ policy: 'cema', reason: 'kept' }), { policy: 'cema', reason: 'kept' }, 'without a score');
  t.same(parsed({ policy: 'cema', reason: 'kept', score: 0 }), { policy: 'cema', reason: 'kept', score: 0 });
  const invalid = (selection: MessageInitShape<typeof SelectionSchema>, message: RegExp): void => {
    t.throws(() => parsed(selection), { code: 'SAMPLE_INVALID', message });
  };
  invalid({}, /^SAMPLE_INVALID: sample 0 of the upload \(sequence 1\): the policy of its selection is ""/);
  for (const word of [
    '',
    'two words',
    '../up',
    'kept\n',
    '\u009b31m',
    '\u202e',
    'é',
    'x'.repeat(33),
    'x'.repeat(100_000),
  ]) {
    invalid({ ...good, policy: word }, /the policy of its selection is ".{0,200}; it takes 1 to 32 characters/);
    invalid({ ...good, reason: word }, /the reason of its selection is ".{0,200}; it takes 1 to 32 characters/);
  }
  for (const score of [NaN, Infinity, -Infinity]) invalid({ ...good, score }, /score of its selection is/);
  // No float32: a device that sent it would send an infinity.
  t.throws(() => checkSelection({ ...good, score: 1e39 }), { code: 'SAMPLE_INVALID', message: /1e\+39/ });
});

test('parsed bytes do not keep the received message alive', async (t) => {
  const whole = new Uint8Array(1000);
  const parsed = parseAnnounce(
    create(AnnounceRequestSchema, { device: { ...device, modelDigest: whole.subarray(0, 32) }, running }),
  );
  t.equal(parsed.device.modelDigest.buffer.byteLength, 32);
});

test('the answers of the cloud are checked too', async (t) => {
  const latest = { number: 4n, digest };
  t.same(parseAnnounceResponse(create(AnnounceResponseSchema, { latest, maxSamplesPerUpload: 32, budgetLeft: 1 })), {
    latest: { number: 4, digest },
    maxSamplesPerUpload: 32,
    budgetLeft: 1,
    roots: [],
  });
  t.same(parseUploadResponse(create(UploadResponseSchema, { acknowledgedSequence: 9n, duplicates: 1 })), {
    acknowledgedSequence: 9,
    duplicates: 1,
    budgetLeft: 0,
  });
  const invalid = (parse: () => unknown, message: RegExp): void => {
    t.throws(parse, { code: 'RESPONSE_INVALID', message });
  };
  invalid(() => parseAnnounceResponse(create(AnnounceResponseSchema, { latest, budgetLeft: 1 })), /no samples at all/);
  invalid(
    () => parseAnnounceResponse(create(AnnounceResponseSchema, { maxSamplesPerUpload: 1 })),
    /which version is latest/,
  );
  for (const budgetLeft of [NaN, -0.1, 1.1, Infinity]) {
    invalid(() => parseUploadResponse(create(UploadResponseSchema, { budgetLeft })), /of the budget is left/);
  }
  invalid(() => parseWatchResponse(create(WatchResponseSchema)), /without a version/);
});
