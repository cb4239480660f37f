import { RenormError } from '@renorm/protocol';
import { Random } from '../corruptions/random.js';
import type { Pool } from './stream.js';

/** `count` of the numbers 0 to `of` - 1 in an order that the seed decides (Fisher and Yates). */
export function draw(of: number, count: number, ...seed: readonly (number | string)[]): number[] {
  const random = new Random('order', ...seed);
  const order = Array.from({ length: of }, (_, i) => i);
  const wanted = Math.min(count, of);
  for (let i = 0; i < wanted; i++) {
    const j = random.integer(i, of);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order.slice(0, wanted);
}

/**
 * The images class after class; classes in an order that the seed decides.
 *
 * @throws RenormError REQUEST_INVALID: no labels
 */
export function sortedByClass(images: readonly number[], pool: Pool, seed: number): number[] {
  const classes = byClass(images, pool);
  const order = draw(classes.length, classes.length, 'classes', seed);
  return order.flatMap((c) => classes[c] ?? []);
}

/** The images of one class alone: of the one with most of them. @throws RenormError REQUEST_INVALID: no labels */
export function oneClass(images: readonly number[], pool: Pool): number[] {
  return byClass(images, pool).reduce((most, each) => (each.length > most.length ? each : most), []);
}

/**
 * The images with labels that are correlated in time: each class spreads its images over as many slots as there are
 * classes, in shares drawn from a Dirichlet distribution; a slot is played class after class (Gong et al., NOTE,
 * NeurIPS 2022; Boudiaf et al., LAME, CVPR 2022).
 *
 * @param concentration delta: the smaller, the longer the same class stays
 * @throws RenormError REQUEST_INVALID: no labels
 */
export function dirichletOrder(images: readonly number[], pool: Pool, concentration: number, seed: number): number[] {
  const random = new Random('dirichlet', concentration, seed);
  const classes = byClass(images, pool);
  const slots = classes.map(() => classes.map((): number[] => []));
  for (const [c, members] of classes.entries()) {
    const shares = dirichlet(slots.length, concentration, random);
    let [from, sum] = [0, 0];
    for (const [s, slot] of slots.entries()) {
      sum += shares[s] as number;
      const to = s === slots.length - 1 ? members.length : Math.round(sum * members.length);
      slot[c] = members.slice(from, Math.max(from, to));
      from = Math.max(from, to);
    }
  }
  return slots.flatMap((slot, s) => draw(slot.length, slot.length, 'slot', seed, s).flatMap((c) => slot[c] ?? []));
}

function dirichlet(length: number, concentration: number, random: Random): number[] {
  const draws = Array.from({ length }, () => gamma(concentration, random));
  const sum = draws.reduce((total, value) => total + value, 0);
  // With a tiny concentration all may be too small to tell from 0.
  return sum > 0 ? draws.map((value) => value / sum) : draws.map((_, i) => (i === 0 ? 1 : 0));
}

/** Gamma distributed with scale 1 (Marsaglia and Tsang 2000; below a shape of 1 by a power of a uniform number). */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * random.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** The images of each class that there is, in their order; classes in the order of their numbers. */
function byClass(images: readonly number[], pool: Pool): number[][] {
  const found = new Map<number, number[]>();
  for (const image of images) {
    const label = pool.label(image);
    if (label === undefined)
      throw new RenormError(
        'REQUEST_INVALID',
        'a stream that is ordered by class needs labels, and the data have none; take another --stream.',
      );
    found.set(label, [...(found.get(label) ?? []), image]);
  }
  return [...found].sort(([a], [b]) => a - b).map(([, members]) => members);
}
