import { test } from 'tap';
import { equalBytes } from './bytes.js';
import { digestParameters } from './digest.js';
import type { Version } from './gen/renorm/v1/adaptation_pb.js';
import { grpcDefinition } from './node/grpc-definition.js';
import type { ParameterSet } from './parameters.js';
import { seededRandom } from './random.js';
import { adaptationService } from './service.js';
import { applyVersion, exportedVersion, type ParameterVersion, type VersionState } from './version-codec.js';
import { encodeDelta, encodeSnapshot, joinDeltas } from './version-encoder.js';

const AT = { publishedAtMs: 1_700_000_000_000 };
const named = (name: string, ...values: number[]): ParameterSet => new Map([[name, Float32Array.from(values)]]);
const one = (...values: number[]): ParameterSet => named('layer/gamma', ...values);

/** What a peer receives: the message after its way over the wire. */
function overTheWire(version: Version): Version {
  const { watch } = grpcDefinition(adaptationService);
  const message = watch.responseDeserialize(watch.responseSerialize({ $typeName: 'renorm.v1.WatchResponse', version }));
  if (message.version === undefined) throw new Error('lost on the way');
  return message.version;
}

/** A layer as in a network: scales about 1, means and variances over many magnitudes. */
function randomParameters(random: () => number): ParameterSet {
  const values = (draw: () => number): Float32Array => Float32Array.from({ length: 65 }, draw);
  return new Map([
    ['bn/gamma', values(() => 0.5 + random())],
    ['bn/beta', values(() => random() - 0.5)],
    ['bn/mean', values(() => (random() - 0.5) * 10 ** (random() * 4 - 2))],
    ['bn/variance', values(() => 10 ** (random() * 8 - 7))],
  ]);
}

const moved = (from: ParameterSet, random: () => number, step: number): ParameterSet =>
  new Map([...from].map(([name, values]) => [name, values.map((v) => v + v * step * (random() - 0.5))]));

const copyOf = (parameters: ParameterSet): ParameterSet =>
  new Map([...parameters].map(([name, values]) => [name, values.slice()]));

/** A chain of versions, each with the delta that leads to it. */
function chain(length: number, random: () => number): { states: VersionState[]; deltas: Version[] } {
  const states: VersionState[] = [exportedVersion(randomParameters(random))];
  const deltas: Version[] = [];
  let target = (states[0] as VersionState).parameters;
  for (let i = 0; i < length; i++) {
    target = moved(target, random, 0.02);
    const { version, decoded } = encodeDelta(states[i] as VersionState, target, AT);
    states.push(decoded);
    deltas.push(version);
  }
  return { states, deltas };
}

test('1,000 random deltas: both sides hold the same numbers to the bit, and the error never adds up', async (t) => {
  const random = seededRandom(5);
  let cloud: VersionState = exportedVersion(randomParameters(random));
  let device = exportedVersion(copyOf(cloud.parameters));
  const largest = new Map([...cloud.parameters].map(([name, values]) => [name, Math.max(...values.map(Math.abs))]));
  let target = cloud.parameters;
  let worst = 0;
  for (let i = 1; i <= 1000; i++) {
    target = moved(target, random, 0.02);
    const { version, decoded } = encodeDelta(cloud, target, AT);
    cloud = decoded;
    device = applyVersion(device, overTheWire(version));
    for (const [name, values] of target) {
      const held = device.parameters.get(name) ?? new Float32Array();
      values.forEach((value, k) => {
        worst = Math.max(worst, Math.abs((held[k] as number) - value) / (largest.get(name) ?? 0));
      });
    }
    if (!equalBytes(digestParameters(device.parameters), cloud.digest)) t.fail(`version ${i} differs`);
  }
  t.equal(device.number, 1000);
  t.ok(worst < 2 ** -10, `the worst error after any delta is ${worst} of the tensor's largest value`);
});

test('a snapshot comes back to the bit, from any version', async (t) => {
  const { states } = chain(5, seededRandom(6));
  const latest = states[5] as ParameterVersion;
  const snapshot = encodeSnapshot(latest);
  for (const held of states.slice(0, 5)) t.same(applyVersion(held, overTheWire(snapshot)), latest);
});

test('one delta takes a device over any number of missed versions, to the bit', async (t) => {
  const { states, deltas } = chain(20, seededRandom(9));
  const latest = states[20] as ParameterVersion;
  for (let missed = 1; missed <= 20; missed++) {
    const held = states[20 - missed] as VersionState;
    const joined = joinDeltas(held, deltas.slice(20 - missed), latest);
    t.same(applyVersion(held, overTheWire(joined)), latest, `${missed} missed`);
  }
  t.throws(() => joinDeltas(states[0] as VersionState, [encodeSnapshot(latest)], latest), { code: 'VERSION_REFUSED' });
});

test('longer steps make shorter deltas, and what is lost comes with the next', async (t) => {
  const random = seededRandom(10);
  const parent = exportedVersion(randomParameters(random));
  const target = moved(parent.parameters, random, 0.1);
  const sizes = [0.0001, 0.01].map((step) => {
    const { version } = encodeDelta(parent, target, { ...AT, steps: [step, step, step, step] });
    return version.content.case === 'delta' ? (version.content.value.difference?.data.length ?? 0) : 0;
  });
  t.ok((sizes[1] as number) < (sizes[0] as number) / 2, sizes.join(', '));
  const gammas = named('l/gamma', 1);
  let held = exportedVersion(gammas);
  // Each target is a third of a step further: nothing can be sent at first, and nothing is forgotten.
  for (let i = 1; i <= 30; i++) {
    held = encodeDelta(held, named('l/gamma', 1 + (i * 0.25) / 3), { ...AT, steps: [0.25] }).decoded;
  }
  t.ok(Math.abs((held.parameters.get('l/gamma')?.[0] ?? 0) - 3.5) <= 0.25, 'after 30 of them it is within a step');
});

test('what is lost is named: decoded is what a receiver gets, and is close', async (t) => {
  const parent = exportedVersion(one(1, 2));
  const target = one(1.0003, 2.0007);
  const { version, decoded } = encodeDelta(parent, target, AT);
  t.notSame(decoded.parameters, target);
  t.same(applyVersion(parent, version), decoded);
});

test('a variance that is not negative stays so', async (t) => {
  const random = seededRandom(7);
  const variances = (...values: number[]): ParameterSet => named('l/variance', ...values);
  for (let i = 0; i < 2000; i++) {
    const from = 10 ** (random() * 8 - 9);
    const { decoded } = encodeDelta(exportedVersion(variances(from)), variances(from * 10 ** (-6 * random())), {
      ...AT,
      steps: [from],
    });
    if ((decoded.parameters.get('l/variance')?.[0] as number) < 0) t.fail(`from ${from}`);
  }
  const { decoded } = encodeDelta(exportedVersion(variances(0.3, 1)), variances(0, 1), { ...AT, steps: [0.25] });
  t.ok((decoded.parameters.get('l/variance')?.[0] ?? -1) >= 0);
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
      applyVersion(current, damaged);
      t.fail('another version was taken');
    } catch (error) {
      if (!/^VERSION_/.test((error as { code?: string }).code ?? '')) t.fail(`another error: ${error}`);
    }
  }
  t.ok(equalBytes(digestParameters(current.parameters), before));
});

test('a wrong digest, count, content or value is refused', async (t) => {
  const parent = exportedVersion(one(1, 1));
  const fresh = (): Version => overTheWire(encodeDelta(parent, one(1.5, 2), AT).version);
  const refused = (
    change: (version: Version) => void,
    message: RegExp,
    name: string,
    code = 'VERSION_REFUSED',
  ): void => {
    const version = fresh();
    change(version);
    t.throws(() => applyVersion(parent, version), { code, message }, name);
  };
  const differenceOf = ({ content }: Version) => (content.case === 'delta' ? content.value.difference : undefined);
  refused((version) => (version.digest = new Uint8Array(32)), /digest/, 'digest', 'VERSION_DIGEST');
  refused((version) => (version.content = { case: undefined }), /no content/, 'content');
  refused((version) => (version.number = 2n ** 60n), /2\^53/, 'number');
  refused(
    (version) => Object.assign(differenceOf(version) ?? {}, { count: 1 }),
    /carries 1 values, the model has 2/,
    'count',
  );
  const huge = exportedVersion(one(2e38, 1));
  const { version } = encodeDelta(huge, one(3e38, 1), AT);
  const target = applyVersion(huge, version);
  // Twice the way from 2e38 to 3e38 and once more is beyond float32.
  for (const difference of [differenceOf(version)]) {
    const twice = { ...target, digest: target.digest };
    version.content = {
      case: 'delta',
      value: {
        $typeName: 'renorm.v1.Delta',
        parent: { $typeName: 'renorm.v1.VersionReference', number: 1n, digest: twice.digest },
        difference: difference as never,
      },
    };
    version.number = 2n;
    t.throws(
      () => applyVersion(twice, version),
      { code: 'VERSION_NOT_FINITE', message: /Infinity at element 0/ },
      'value',
    );
  }
});

test('a target that is no successor of its parent is refused', async (t) => {
  const parent = exportedVersion(one(1, 1));
  t.throws(() => encodeDelta(parent, one(1), AT), { code: 'VERSION_REFUSED', message: /other parameters/ });
  t.throws(() => encodeDelta(parent, new Map([['other', Float32Array.of(1, 1)]]), AT), { message: /other parameters/ });
  t.throws(() => encodeDelta(parent, one(1, NaN), AT), { message: /NaN at element 1/ });
  t.throws(() => encodeDelta(exportedVersion(one(1e-6)), one(1e6), { ...AT, steps: [1e5] }), {
    message: /further from the exported/,
  });
});
