import { test } from 'tap';
import { dirichletOrder, draw, oneClass, sortedByClass } from './orders.js';
import { CLEAN, type Pool } from './stream.js';

const CLASSES = 10;
const pool: Pool = { environment: CLEAN, count: 1000, label: (index) => index % CLASSES };
const images = draw(1000, 1000, 7);
const labelsOf = (order: readonly number[]): number[] => order.map((image) => image % CLASSES);
const changes = (order: readonly number[]): number =>
  labelsOf(order).filter((label, i, all) => i > 0 && label !== all[i - 1]).length;

test('a draw takes different numbers, and the seed decides which', async (t) => {
  t.equal(new Set(draw(100, 30, 1)).size, 30);
  t.same(draw(100, 30, 1), draw(100, 30, 1));
  t.notSame(draw(100, 30, 1), draw(100, 30, 2));
  t.equal(draw(5, 30, 1).length, 5, 'no more than there are');
});

test('the smaller the concentration, the longer the same class stays; every image comes once', async (t) => {
  const [correlated, mild] = [dirichletOrder(images, pool, 0.1, 1), dirichletOrder(images, pool, 10, 1)];
  for (const order of [correlated, mild]) t.equal(new Set(order).size, 1000);
  const runs = [sortedByClass(images, pool, 1), correlated, images].map(changes);
  t.equal(runs[0], CLASSES - 1);
  t.ok((runs[1] ?? 0) < 60 && (runs[2] ?? 0) > 800, `changes of class: ${runs}`);
  // With a large concentration every slot has of every class.
  const firstSlot = new Set(labelsOf(mild.slice(0, 100)));
  t.ok(firstSlot.size >= 9, `${firstSlot.size} classes in the first tenth`);
  t.ok(new Set(labelsOf(correlated.slice(0, 100))).size < 9);
  t.same(dirichletOrder(images, pool, 0.1, 1), correlated, 'seeded');
});

test('a stream of one class has it alone, and of data without labels there is none', async (t) => {
  t.equal(new Set(labelsOf(oneClass(images, pool))).size, 1);
  t.equal(oneClass(images, pool).length, 100);
  t.throws(() => oneClass(images, { ...pool, label: () => undefined }), {
    code: 'REQUEST_INVALID',
    message: /needs labels/,
  });
});
