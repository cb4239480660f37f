import { normalizePixels, type Preprocessing } from '@renorm/protocol';
import { test } from 'tap';
import { batchOf } from './batch.js';
import { FoundationView, type SampleTaker } from './foundation-view.js';

const taker = (name: string, sampleShape: readonly number[], preprocessing?: Preprocessing): SampleTaker => ({
  ...{ name, sampleShape, preprocessing },
});
const NORMALIZED: Preprocessing = { fit: 'stretch', mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.5] };
const OTHERWISE: Preprocessing = { fit: 'stretch', mean: [0.1, 0.2, 0.3], std: [0.5, 0.5, 0.5] };
/** A slope in each channel: what every linear filter leaves a slope. */
const slope = (side: number): Uint8Array =>
  Uint8Array.from({ length: 3 * side * side }, (_, i) => Math.round(((i % side) * 200) / side) + 20);

test('models that take the same samples need nothing', async (t) => {
  const edge = taker('edge', [3, 8, 8]);
  t.equal(FoundationView.between(edge, taker('foundation', [3, 8, 8])), undefined);
  const spelled: Preprocessing = { fit: 'stretch', filter: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] };
  t.equal(FoundationView.between(edge, taker('foundation', [3, 8, 8], spelled)), undefined);
  const text = [taker('edge', [6], undefined), taker('foundation', [6], undefined)] as const;
  t.equal(FoundationView.between(...text), undefined);
});

test('samples of another size are asked about, and so is what cannot be followed', async (t) => {
  const between = (to: SampleTaker, from = taker('edge', [3, 8, 8])) => FoundationView.between(from, to);
  const refused = (run: () => unknown, message: RegExp) => t.throws(run, { code: 'MODEL_MISMATCH', message });
  refused(
    () => between(taker('big', [3, 12, 12])),
    /\[3,8,8\], big of shape \[3,12,12\].*foundation: \{ preprocessing/,
  );
  refused(
    () => between(taker('big', [3, 12, 12], { fit: 'crop', shorterSide: 4 })),
    /big cannot be followed.*shorterSide/,
  );
  refused(() => between(taker('text', [7], OTHERWISE)), /\[7\], of which not both/);
});

test('values are taken back to pixels, resized and normalized anew', async (t) => {
  const view = FoundationView.between(taker('edge', [3, 8, 8], NORMALIZED), taker('big', [3, 12, 12], OTHERWISE));
  const made = view?.batch(batchOf([{ data: normalizePixels(slope(8), NORMALIZED) }]));
  const levels = normalizePixels(slope(12), OTHERWISE);
  t.equal(made?.data.length, 3 * 12 * 12);
  const off = made?.data.map((value, i) => Math.abs(value - (levels[i] as number)) * 255 * 0.5) ?? [];
  // Within the ends of a row a slope stays a slope; there it is flat.
  t.ok(
    [...off].every((each, i) => i % 12 < 1 || i % 12 > 10 || each < 10),
    `${Math.max(...off)} levels off`,
  );
});

test('the same size normalized otherwise loses nothing to rounding', async (t) => {
  const view = FoundationView.between(taker('edge', [3, 8, 8], NORMALIZED), taker('other', [3, 8, 8], OTHERWISE));
  const between = slope(8).map((level) => level);
  const data = normalizePixels(between, NORMALIZED).map((value) => value + 0.001);
  const made = view?.batch(batchOf([{ data }])).data ?? new Float32Array();
  const levels = normalizePixels(between, OTHERWISE);
  for (const [channel, std] of [0.25, 0.2, 0.5].entries())
    t.ok(Math.abs((made[channel * 64] as number) - (levels[channel * 64] as number) - (0.001 * std) / 0.5) < 1e-6);
});

test('images that were prepared for the foundation model stand for themselves, also in parts of a batch', async (t) => {
  const view = FoundationView.between(taker('edge', [3, 8, 8]), taker('big', [3, 12, 12], OTHERWISE));
  const data = new Float32Array(192);
  const made = view?.batch(batchOf([{ data }, { data, pixels: slope(12) }]));
  t.same(made?.data.subarray(432), normalizePixels(slope(12), OTHERWISE));
  t.equal(view?.prepares({ fit: 'crop', shorterSide: 9 }), true);
  t.equal(view?.prepares({ fit: 'none' }), false, 'what was cut and scaled before is not cut again');
});

test('values that no pixel is normalized to are noticed', async (t) => {
  const view = FoundationView.between(taker('edge', [3, 8, 8]), taker('big', [3, 12, 12], OTHERWISE));
  t.equal(view?.foreign(batchOf([{ data: normalizePixels(slope(8), { fit: 'none' }) }])), 0);
  t.ok((view?.foreign(batchOf([{ data: normalizePixels(slope(8), NORMALIZED) }])) ?? 0) > 0.3);
});
