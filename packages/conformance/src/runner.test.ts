import { setImmediate } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { test } from 'tap';
import { type Case, Skip, Violation } from './case.js';
import { runCases } from './runner.js';
import type { ServerSetup } from './server/context.js';
import { runServerSuite } from './server/suite.js';

const made = (id: string, run: () => Promise<void>): Case<undefined> => ({
  ...{ id, run, group: 'Made up', title: id, proves: [] },
});
const outcomes = async (cases: readonly Case<undefined>[], jobs: number) =>
  (await runCases(cases, () => undefined, { jobs })).map(({ id, outcome }) => `${id} ${outcome}`);

test('a case that fails or is skipped ends nothing but itself', async (t) => {
  const cases = [
    made('a', () => Promise.reject(new Violation('this', 'that'))),
    made('b', () => Promise.reject(new Skip('not here'))),
    made('c', () => Promise.reject(new Error('unforeseen'))),
    made('d', async () => undefined),
  ];
  const expected = ['a failed', 'b skipped', 'c failed', 'd passed'];
  t.same(await outcomes(cases, 1), expected);
  t.same(await outcomes(cases, 3), expected);
});

test('as many cases as asked for are under way at a time, and results keep the order of the cases', async (t) => {
  let underWay = 0;
  let most = 0;
  // The later a case, the sooner it ends.
  const cases = Array.from({ length: 9 }, (_, i) =>
    made(String(i), async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      for (let turns = i; turns < 9; turns++) await setImmediate();
      underWay -= 1;
    }),
  );
  t.same(
    await outcomes(cases, 4),
    cases.map(({ id }) => `${id} passed`),
  );
  t.equal(most, 4);
  most = 0;
  await outcomes(cases, 1);
  t.equal(most, 1);
});

test('only the cases that are asked for run, and none after the signal', async (t) => {
  const ran: string[] = [];
  const stop = new AbortController();
  const cases = ['a', 'b', 'c', 'd'].map((id) =>
    made(id, async () => {
      ran.push(id);
      if (id === 'b') stop.abort();
    }),
  );
  await runCases(cases, () => undefined, { only: ['b', 'c'], signal: stop.signal });
  t.same(ran, ['b']);
});

test('a token that could not travel is refused before the first case', async (t) => {
  const target = { address: 'localhost:1', credentials: credentials.createInsecure(), token: 'two\nlines' };
  const setup = { target } as unknown as ServerSetup;
  await t.rejects(runServerSuite(setup), { code: 'CREDENTIALS_UNREADABLE', message: /position 4/ });
});
