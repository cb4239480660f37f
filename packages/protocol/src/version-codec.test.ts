import { test } from 'tap';
import { equalBytes } from './bytes.js';
import { digestParameters } from './digest.js';
import { ParameterEncoding, type Version } from './gen/renorm/v1/adaptation_pb.js';
import type { ParameterSet } from './parameters.js';
import { seededRandom } from './random.test-support.js';
import { adaptationService, grpcDefinition } from './service.js';
import { applyVersion, encodeDelta, encodeSnapshot, exportedVersion, type VersionState } from './version-codec.js';

const AT = { publishedAtMs: 1_700_000_000_000 };
const one = (...values: number[]): ParameterSet => new Map([['layer/gamma', Float32Array.from(values)]]);
const encodingOf = ({ content }: Version): ParameterEncoding | undefined =>
  content.case === 'delta' ? content.value.difference?.encoding : content.value?.encoding;

/** What a peer receives: the message after its way over the wire. */
function overTheWire(version: Version): Version {
  const { watch } = grpcDefinition(adaptationService);
  const message = watch.responseDeserialize(watch.responseSerialize({ $typeName: 'renorm.v1.WatchResponse', version }));
  if (message.version === undefined) throw new Error('lost on the way');
  return message.version;
}

/** A layer as in a network: scales about 1, means and variances over many magnitudes. */
function randomParameters(random: () => number): ParameterSet {
  const values = (draw: () => number): Float32Array => Float32Array.from({ length: 33 }, draw);
  return new Map([
    ['bn/gamma', values(() => 0.5 + random())],
    ['bn/beta', values(() => random() - 0.5)],
    ['bn/mean', values(() => (random() - 0.5) * 10 ** (random() * 4 - 2))],
    ['bn/variance', values(() => 10 ** (random() * 8 - 7))],
  ]);
}

const moved = (from: ParameterSet, random: () => number, step: number): ParameterSet =>
  new Map([...from].map(([name, values]) => [name, values.map((v) => v + v * step * (random() - 0.5))]));

test('1,000 random deltas: both sides hold the same numbers to the bit, and the error never adds up', async (t) => {
  const random = seededRandom(5);
  let cloud: VersionState = exportedVersion(randomParameters(random));
  let device = exportedVersion(new Map([...cloud.parameters].map(([name, values]) => [name, values.slice()])));
  let target = cloud.parameters;
  let worst = 0;
  for (let i = 1; i <= 1000; i++) {
    target = moved(target, random, 0.1);
    const { version, decoded } = encodeDelta(cloud, target, AT);
    cloud = { number: i, digest: version.digest, parameters: decoded };
    device = applyVersion(device, overTheWire(version));
    for (const [name, values] of target) {
      const held = device.parameters.get(name) ?? new Float32Array();
      values.forEach((value, k) => {
        worst = Math.max(worst, Math.abs((held[k] as number) - value) / (Math.abs(value) + 1e-4));
      });
    }
    if (!equalBytes(digestParameters(device.parameters), cloud.digest)) t.fail(`version ${i} differs`);
  }
  t.equal(device.number, 1000);
  t.ok(worst < 2 ** -10, `the worst relative error after any delta is ${worst}`);
});

test('a snapshot comes back to the bit, from any version', async (t) => {
  const random = seededRandom(6);
  const parameters = randomParameters(random);
  const snapshot = encodeSnapshot({ number: 41, digest: digestParameters(parameters), parameters, publishedAtMs: 5 });
  const applied = applyVersion(exportedVersion(randomParameters(random)), overTheWire(snapshot));
  t.same(applied, { number: 41, digest: snapshot.digest, parameters, publishedAtMs: 5 });
});

test('small differences travel as float16, others as float32', async (t) => {
  const parent = exportedVersion(one(1, 2));
  const near = encodeDelta(parent, one(1.001, 2.002), AT);
  t.equal(encodingOf(near.version), ParameterEncoding.FLOAT16);
  const far = encodeDelta(parent, one(1, 70_000.5), AT);
  t.equal(encodingOf(far.version), ParameterEncoding.FLOAT32, 'a difference that float16 cannot hold');
  t.same(far.decoded, one(1, 70_000.5));
});

test('what is lost is named: decoded is what a receiver gets, and is close', async (t) => {
  const parent = exportedVersion(one(1, 2));
  const target = one(1.0003, 2.0007);
  const { version, decoded } = encodeDelta(parent, target, AT);
  t.notSame(decoded, target);
  t.same(applyVersion(parent, version).parameters, decoded);
});

test('a variance that is not negative stays so', async (t) => {
  const random = seededRandom(7);
  for (let i = 0; i < 2000; i++) {
    const from = 10 ** (random() * 8 - 9);
    const { decoded } = encodeDelta(exportedVersion(one(from)), one(from * 10 ** (-6 * random())), AT);
    if ((decoded.get('layer/gamma')?.[0] as number) < 0) t.fail(`from ${from}`);
  }
  const { decoded } = encodeDelta(exportedVersion(one(0.3)), one(0), AT);
  t.same(decoded, one(decoded.get('layer/gamma')?.[0] ?? NaN));
  t.ok((decoded.get('layer/gamma')?.[0] ?? -1) >= 0);
});

test('a delta is refused by anyone who does not hold its parent', async (t) => {
  const parent = exportedVersion(one(1));
  const { version } = encodeDelta(parent, one(1.5), AT);
  const message = /is a delta of version 0, version/;
  t.throws(
    () => applyVersion(exportedVersion(one(1.25)), version),
    { code: 'VERSION_MISMATCH', message },
    'same number, other digest',
  );
  t.throws(
    () => applyVersion({ ...parent, number: 3 }, version),
    { code: 'VERSION_MISMATCH', message },
    'other number',
  );
});

test('the same version twice changes nothing', async (t) => {
  const parent = exportedVersion(one(1));
  const { version } = encodeDelta(parent, one(1.5), AT);
  const first = applyVersion(parent, version);
  t.same(applyVersion(first, version), first);
});

test('every damage is refused and leaves the held version as it was', async (t) => {
  const random = seededRandom(8);
  const current = exportedVersion(randomParameters(random));
  const before = digestParameters(current.parameters);
  const { version } = encodeDelta(current, moved(current.parameters, random, 0.1), AT);
  for (let i = 0; i < 2000; i++) {
    const damaged = overTheWire(version);
    if (damaged.content.case !== 'delta' || damaged.content.value.difference === undefined)
      throw new Error('not a delta');
    const { data } = damaged.content.value.difference;
    if (i % 2 === 0) data[Math.floor(random() * data.length)]! ^= 1 << Math.floor(random() * 8);
    else damaged.content.value.difference.data = data.slice(0, Math.floor(random() * data.length));
    try {
      // Bits behind the end of a DEFLATE stream do not matter: then the result is the true one.
      if (!equalBytes(applyVersion(current, damaged).digest, version.digest)) t.fail('another version was taken');
    } catch (error) {
      if (!/^VERSION_/.test((error as { code?: string }).code ?? '')) t.fail(`another error: ${error}`);
    }
  }
  t.ok(equalBytes(digestParameters(current.parameters), before));
});

test('a wrong digest, count, content or value is refused', async (t) => {
  const parent = exportedVersion(one(1, 1));
  const fresh = (): Version => encodeDelta(parent, one(1.5, 2), AT).version;
  const refused = (version: Version, message: RegExp, name: string, code = 'VERSION_REFUSED'): void => {
    t.throws(() => applyVersion(parent, version), { code, message }, name);
  };
  refused({ ...fresh(), digest: new Uint8Array(32) }, /digest/, 'digest', 'VERSION_DIGEST');
  refused({ ...fresh(), content: { case: undefined } }, /no content/, 'content');
  refused({ ...fresh(), number: 2n ** 60n }, /2\^53/, 'number');
  refused(
    encodeSnapshot({ ...exportedVersion(one(1)), number: 1, publishedAtMs: 0 }),
    /carries 1 values, the model has 2/,
    'count',
  );
  refused(
    encodeSnapshot({ ...exportedVersion(one(1, NaN)), number: 1, publishedAtMs: 0 }),
    /NaN at element 1/,
    'value',
    'VERSION_NOT_FINITE',
  );
});

test('a target that is no successor of its parent is refused', async (t) => {
  const parent = exportedVersion(one(1, 1));
  t.throws(() => encodeDelta(parent, one(1), AT), { code: 'VERSION_REFUSED', message: /other parameters/ });
  t.throws(() => encodeDelta(parent, new Map([['other', Float32Array.of(1, 1)]]), AT), { message: /other parameters/ });
  t.throws(() => encodeDelta(parent, one(1, NaN), AT), { message: /NaN at element 1/ });
  t.throws(() => encodeDelta(exportedVersion(one(-3e38)), one(3e38), AT), { message: /larger than float32/ });
});
