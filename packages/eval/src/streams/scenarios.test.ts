import { test } from 'tap';
import { STREAM_KINDS, streamsOf } from './scenarios.js';
import { CLEAN, type Pool } from './stream.js';

const poolOf = (corruption: string | undefined): Pool => ({
  environment: corruption === undefined ? CLEAN : { corruption, severity: 5 },
  count: 500,
  label: (index) => index % 10,
});
const setup = { pools: [poolOf(undefined), poolOf('fog'), poolOf('snow')], count: 90, seed: 1 };

test('every kind gives the same stream for the same seed, and another for another', async (t) => {
  for (const { name } of STREAM_KINDS) {
    const streams = streamsOf(name, setup);
    t.same(streamsOf(name, setup), streams, name);
    t.notSame(streamsOf(name, { ...setup, seed: 2 }), streams, name);
    for (const { items, environments } of streams) {
      t.ok(items.length > 0);
      t.ok(items.every(({ environment, image }) => environment < environments.length && image < 500));
    }
  }
});

test('with a reset each environment is a stream, and all show the same pictures', async (t) => {
  const streams = streamsOf('reset', setup);
  t.same(
    streams.map(({ name }) => name),
    ['clean', 'fog-5', 'snow-5'],
  );
  t.same(streams[0]?.items, streams[1]?.items);
});

test('without one there is a single stream: in stretches, mixed, in turns, or with the severity rising and falling', async (t) => {
  const environmentsOf = (kind: string): number[] =>
    (streamsOf(kind, setup)[0]?.items ?? []).map(({ environment }) => environment);
  const runs = (list: number[]): number[] => list.filter((value, i) => value !== list[i - 1]);
  t.same(runs(environmentsOf('continual')), [0, 1, 2]);
  t.same(runs(environmentsOf('recurring')), [0, 1, 2, 0, 1, 2, 0, 1, 2]);
  t.ok(runs(environmentsOf('mixed')).length > 100);
  t.equal(environmentsOf('mixed').length, 270);
  const [ramp] = streamsOf('gradual', setup);
  const severities = (ramp?.items ?? []).map(({ environment }) => ramp?.environments[environment]?.severity ?? 0);
  t.same(runs(severities), [1, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3, 4, 5, 4, 3, 2, 1]);
});

test('batch-1 asks methods for one image at a time', async (t) => {
  t.ok(streamsOf('batch-1', setup).every(({ batch }) => batch === 1));
});

test('what is no kind, and a ramp without corruptions to make, are refused with a remedy', async (t) => {
  for (const kind of ['rest', 'reset:2', 'dirichlet:0', 'dirichlet:x', 'dirichlet:1:2'])
    t.throws(() => streamsOf(kind, setup), { code: 'REQUEST_INVALID', message: /there is reset, continual/ }, kind);
  t.throws(() => streamsOf('gradual', { ...setup, pools: [poolOf(undefined)] }), { message: /add --corrupt/ });
});
