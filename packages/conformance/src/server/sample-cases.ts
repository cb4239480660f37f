import { elementsOf, SampleEncoding } from '@renorm/protocol';
import { deflateSync } from 'fflate';
import type { Case } from '../case.js';
import { floats, halves, levels, type PlainSample, pixels } from '../sample-bytes.js';
import { seededBytes } from '../seeded.js';
import type { ServerContext } from './context.js';
import { refused } from './expectations.js';
import { allRefused } from './refused-samples.js';
import { uploaded } from './upload-cases.js';

const group = 'Samples';

export const SAMPLE_CASES: readonly Case<ServerContext>[] = [
  {
    id: 'S-40',
    group,
    title: 'every encoding and row filter is taken',
    proves: ['S-2'],
    async run(context) {
      const { shape } = context.setup.model;
      const peer = context.peer();
      for (const sample of [
        pixels(shape, 1),
        floats(shape, 0.25),
        floats(shape, -0.75),
        floats(shape, 0),
        halves(shape),
        levels(shape, 2),
        ...[1, 2, 3].map((rowFilter) => ({ ...pixels(shape, 3), rowFilter })),
        { ...levels(shape, 4), rowFilter: 3 },
      ])
        await uploaded(peer, context.uploading(context.session(), [1], { sample }), 1, 0);
    },
  },
  {
    id: 'S-41',
    group,
    title: 'another shape is refused',
    proves: ['S-1', 'U-5'],
    async run(context) {
      const good = pixels(context.setup.model.shape, 1);
      const { shape } = good;
      await allRefused(context, {
        'a shape without axes': { ...good, shape: [] },
        'one axis fewer': { ...good, shape: shape.slice(1) },
        'one axis more': { ...good, shape: [1, ...shape] },
        'a longer axis': { ...good, shape: shape.map((size, i) => (i === shape.length - 1 ? size + 1 : size)) },
        'an axis of 0': { ...good, shape: shape.map(() => 0) },
        'axes of 2^32 - 1': { ...good, shape: shape.map(() => 2 ** 32 - 1) },
      });
    },
  },
  {
    id: 'S-42',
    group,
    title: 'an unknown encoding or row filter is refused',
    proves: ['S-4'],
    async run(context) {
      const good = pixels(context.setup.model.shape, 1);
      await allRefused(context, {
        'encoding 0': { ...good, encoding: 0 },
        'encoding 1000': { ...good, encoding: 1000 as PlainSample['encoding'] },
        'row filter 1000': { ...good, rowFilter: 1000 },
        'a row filter of float16 elements': { ...halves(context.setup.model.shape), rowFilter: 1 },
        'a row filter of float32 elements': { ...floats(context.setup.model.shape, 1), rowFilter: 1 },
      });
    },
  },
  {
    id: 'S-43',
    group,
    title: 'damaged, truncated, shorter and longer data are refused',
    proves: ['S-3'],
    async run(context) {
      const good = pixels(context.setup.model.shape, 1);
      const { data } = good;
      const size = elementsOf(good.shape);
      await allRefused(context, {
        'no data': { ...good, data: new Uint8Array() },
        'data cut in the middle': { ...good, data: data.subarray(0, data.length >> 1) },
        'data without its end': { ...good, data: data.subarray(0, -2) },
        'data that are no DEFLATE': { ...good, data: new Uint8Array(16).fill(0xff) },
        'one element too few': { ...good, data: deflateSync(new Uint8Array(size - 1)) },
        'one element too many': { ...good, data: deflateSync(new Uint8Array(size + 1)) },
      });
    },
  },
  {
    id: 'S-44',
    group,
    title: 'a compression bomb is refused',
    proves: ['S-3', 'L-3'],
    async run(context) {
      const good = pixels(context.setup.model.shape, 1);
      const bomb = deflateSync(new Uint8Array(2 ** 27), { level: 9 });
      await allRefused(context, { '128 MiB of zeros': { ...good, data: bomb } });
    },
  },
  {
    id: 'S-45',
    group,
    title: 'values that are not finite are refused',
    proves: ['S-3'],
    async run(context) {
      const { shape } = context.setup.model;
      await allRefused(context, {
        NaN: floats(shape, Number.NaN),
        infinity: floats(shape, Number.POSITIVE_INFINITY),
        '-infinity': floats(shape, Number.NEGATIVE_INFINITY),
      });
    },
  },
  {
    id: 'S-46',
    group,
    title: 'more compressed bytes than any encoder needs are refused',
    proves: ['S-5'],
    async run(context) {
      const good = pixels(context.setup.model.shape, 1);
      const size = elementsOf(good.shape);
      // Empty stored blocks before the good data: five bytes each that say nothing.
      const empty = Uint8Array.of(0, 0, 0, 0xff, 0xff);
      const count = Math.ceil((size + (size >> 8) + 65) / empty.length);
      const padded = new Uint8Array(count * empty.length + good.data.length);
      for (let i = 0; i < count; i++) padded.set(empty, i * empty.length);
      padded.set(good.data, count * empty.length);
      await allRefused(context, { 'data behind empty blocks': { ...good, data: padded } });
    },
  },
  {
    id: 'S-47',
    group,
    title: 'random bytes for data are refused or taken, and nothing else suffers',
    proves: ['S-3', 'L-8'],
    async run(context) {
      const good = pixels(context.setup.model.shape, 1);
      const bytes = seededBytes(47);
      const peer = context.peer();
      for (let i = 0; i < 40; i++) {
        const sample = { ...good, data: bytes(1 + i * 7) };
        const outcome = await peer.upload(context.uploading(context.session(), [1], { sample }));
        if (!outcome.ok) refused(outcome, 'random data', 'SAMPLE_INVALID');
      }
      await uploaded(peer, context.uploading(context.session(), [1]), 1, 0);
    },
  },
  {
    id: 'S-48',
    group,
    title: 'sketches that say nothing are refused, and nothing else of the device is',
    proves: ['S-18', 'U-21'],
    async run(context) {
      const encoding = SampleEncoding.SKETCH;
      const peer = context.peer();
      const sketches: Readonly<Record<string, PlainSample>> = {
        'a sketch without data': { shape: [], encoding, data: new Uint8Array() },
        'a sketch of no model': { shape: [], encoding, data: Uint8Array.of(8, 32, 16, 2, 26, 3, 1, 2, 3) },
        'a sketch with a shape': { ...pixels(context.setup.model.shape, 1), encoding },
        'random bytes for a sketch': { shape: [], encoding, data: seededBytes(48)(500) },
      };
      for (const [what, sample] of Object.entries(sketches)) {
        const outcome = await peer.upload(context.uploading(context.session(), [1], { sample }));
        refused(outcome, what, 'SAMPLE_INVALID', 'SKETCH_NOT_TAKEN');
      }
      await uploaded(peer, context.uploading(context.session(), [1]), 1, 0);
    },
  },
];
