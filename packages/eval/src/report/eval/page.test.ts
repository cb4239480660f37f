import { test } from 'tap';
import { PERFECT_LINK } from '../../methods/link.js';
import type { CellResult } from '../../run/cell.js';
import type { EvalRecord } from '../../run/run-eval.js';
import { summariseEval } from '../../run/summary.js';
import { evalCsv } from './csv.js';
import { evalReportHtml } from './page.js';

/** A method that is right on every second image, or on all. */
function cellOf(method: string, stream: string, isRight: (i: number) => boolean): CellResult {
  const range = Array.from({ length: 60 }, (_, i) => i);
  return {
    ...{ key: `${method} ${stream}`, method, stream, kind: 'reset', unreadable: [], seconds: 1 },
    environments: [stream === 'clean' ? { corruption: undefined, severity: 0 } : { corruption: 'fog', severity: 5 }],
    environment: range.map(() => 0),
    ...{ image: range, label: range.map(() => 1), predicted: range.map((i) => (isRight(i) ? 1 : 0)) },
    ...{ confidence: range.map((i) => 0.5 + (i % 5) / 10), entropy: range.map(() => 0.5) },
    uploads: method === 'source' ? [] : [[3, 'burst']],
    bytes: method === 'source' ? [] : [[3, 500, 100]],
    versions: [],
  };
}

const record: EvalRecord = {
  plan: {
    ...{
      edgeModel: '/models/edge.onnx',
      data: '/data/<photos>',
      preprocessing: { fit: 'stretch' },
      corrupt: ['fog'],
      severities: [5],
    },
    ...{ images: 60, methods: ['source', 'statistics'], streams: ['reset'], batch: 64, link: PERFECT_LINK, seed: 1 },
  },
  facts: { shape: [1, 2, 2], classes: 2, edgeDigest: '0'.repeat(64) },
  ...{
    layout: 'npz',
    notes: ['A note with <angles>.'],
    isLabelled: true,
    refused: new Map([['alpha-bn', 'it has no BatchNormalization.']]),
  },
  cells: ['clean', 'fog-5'].flatMap((stream) => [
    cellOf('source', stream, (i) => stream === 'clean' || i % 2 === 0),
    cellOf('statistics', stream, () => true),
  ]),
};
const summary = summariseEval(record);
const html = evalReportHtml(record, summary, '', new Date(0));

test('the report says on top whether to deploy, and needs nothing from anywhere else', async (t) => {
  t.match(
    html,
    /<h1>Worth deploying<\/h1>[\s\S]*<p>Deploy: the edge model is right on 100\.0% .* and 50\.0% without \(\+50\.0 points/,
  );
  t.notMatch(html, /<script|<link|@import|https?:|NaN|undefined|Infinity/);
  t.notMatch(html, /<photos>|<angles>/, 'texts are escaped');
  t.match(html, 'alpha-bn is left out');
  const withPictures = evalReportHtml(record, summary, '<table></table>', new Date(0));
  t.match(withPictures, 'By statistics. burst: everything, at the start and after a shift.</p>');
  t.match(html, /source: 70\.0% sure where it is wrong, 70\.0% where it is right/);
  t.match(html, /class="front"[\s\S]*>statistics<\/text>/);
});

test('what costs accuracy somewhere is said', async (t) => {
  const worse = record.cells.map((cell) =>
    cell.method === 'statistics' && cell.stream === 'clean' ? cellOf('statistics', 'clean', (i) => i % 3 > 0) : cell,
  );
  t.match(
    summariseEval({ ...record, cells: worse }).verdict.sentences[1],
    /It costs accuracy in 1 of 2 environments: clean \(−33\.3\)/,
  );
});

test('the table for programs has a line for each method in each environment', async (t) => {
  const lines = evalCsv(summary).trimEnd().split('\n');
  t.equal(lines.length, 5);
  t.equal(lines[2], 'reset,fog-5,source,60,0.5,0.37735,0.62265,0,0.5,0.2,0,0,0');
});

test('the first sentence says when a device does better alone, beyond the interval of what would be deployed', async (t) => {
  const compared = (cloud: (i: number) => boolean, alone: (i: number) => boolean): EvalRecord => ({
    ...record,
    plan: { ...record.plan, methods: ['source', 'tent', 'statistics'] },
    cells: [
      cellOf('source', 'fog-5', (i) => i % 3 === 0),
      cellOf('tent', 'fog-5', alone),
      cellOf('statistics', 'fog-5', cloud),
    ],
  });
  const told = (each: EvalRecord) => summariseEval(each).verdict;
  const clear = compared(
    (i) => i % 2 === 0 || i % 3 === 0,
    () => true,
  );
  t.match(told(clear), { decision: 'deploy', betterAlone: 'tent' });
  t.match(
    told(clear).sentences[0],
    /^Deploy, but tent on the device does better \(100\.0%, and needs batches and back propagation\): the edge model is right on 66\.7%/,
  );
  t.equal(told(clear).sentences[1], 'It costs no environment a clear loss.', 'said once');
  t.match(
    evalReportHtml(clear, summariseEval(clear), '', new Date(0)),
    '<h1>Worth deploying, but tent on the device does better</h1>',
  );

  const close = compared(
    (i) => i % 10 !== 0,
    (i) => i % 12 !== 0,
  );
  t.match(told(close), { decision: 'deploy', betterAlone: undefined });
  t.match(told(close).sentences[0], /^Deploy: /);
  t.match(told(close).sentences[1], /^Tent, without a cloud, comes to 91\.7%/, 'within the interval');

  const none = compared(
    (i) => i % 3 === 0,
    () => true,
  );
  t.match(told(none).sentences[0], /^It makes no clear difference, and tent on the device does better \(100\.0%/);
  const worse = compared(
    () => false,
    () => true,
  );
  t.match(told(worse).sentences[0], /^Do not deploy, and tent on the device does better/);
});
