import { test } from 'tap';
import { madeUpRun } from '../demo/made-up-run.test-support.js';
import { summarise } from '../demo/summary.js';
import { reportHtml } from './page.js';
import { escapeHtml } from './svg.js';

const record = madeUpRun({ adapted: 0.92, unadapted: 0.92 }, { adapted: 0.8, unadapted: 0.4 });
const strips = new Map(
  record.plan.cohorts.map(({ name, environments }) => [name, environments.map(() => 'data:image/png;base64,AAAA')]),
);
const html = reportHtml(record, summarise(record), strips, new Date(0));

test('the report needs nothing from anywhere else', async (t) => {
  t.notMatch(html, /<script|<link|@import|https?:/);
  const sources = [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map((match) => match[1]);
  t.equal(sources.length, 6);
  t.ok(
    sources.every((source) => source?.startsWith('data:')),
    'pictures are inside the file',
  );
});

test('the report draws both curves of every device and counts its bytes', async (t) => {
  for (const { id } of record.devices) t.match(html, `<h3>${id}</h3>`);
  // Three environments, so each curve comes in three pieces.
  t.equal(html.match(/class="line adapted"/g)?.length, 9);
  t.equal(html.match(/class="line unadapted"/g)?.length, 9);
  t.equal(html.match(/class="line up"/g)?.length, 3);
  t.match(html, 'gaussian noise, severity 5');
  t.notMatch(html, /NaN|undefined|Infinity/);
});

test('what a terminal or a browser would obey in a name is written out', async (t) => {
  t.equal(escapeHtml('<b>\u202eexe\u009b'), '&#60;b&#62;\\u202eexe\\u009b');
});
