import type { Store } from './store.js';

/** What a reader of a store can see, for comparing. */
export async function visible(store: Store) {
  const cohorts: Record<string, unknown> = {};
  for (const cohort of (await store.cohorts()).sort()) {
    const end = await store.log(cohort).end();
    const entries = await store.log(cohort).read(Array.from({ length: end }, (_, i) => i));
    cohorts[cohort] = { end, entries, head: await store.head(cohort) };
  }
  return cohorts;
}
