import type { DemoRecord } from '../demo/record.js';
import type { DemoSummary } from '../demo/summary.js';
import { formatBytes, formatCount, formatDuration, formatEnvironment, formatPercent } from '../format/format.js';
import { accuracyChart } from './accuracy-chart.js';
import { bytesChart } from './bytes-chart.js';
import { outcomeSentences, title } from './sentences.js';
import { STYLE } from './style.js';
import { escapeHtml } from './svg.js';
import { tableHtml } from './table.js';

/** Pictures for the report: for each cohort, one strip for each of its environments, as data URIs. */
export type Strips = ReadonlyMap<string, readonly string[]>;

/** The report as one HTML document that needs nothing else: no script, no network, light and dark. */
export function reportHtml(record: DemoRecord, summary: DemoSummary, strips: Strips, finished: Date): string {
  const { plan } = record;
  const sections = plan.cohorts.map((cohort) => {
    const pictures = cohort.environments.map(({ name, severity }, i) => {
      const caption = severity === 0 ? formatEnvironment(name) : `${formatEnvironment(name)}, severity ${severity}`;
      return `<figure><img alt="${escapeHtml(caption)}" src="${strips.get(cohort.name)?.[i] ?? ''}"><figcaption>${escapeHtml(caption)}</figcaption></figure>`;
    });
    const charts = record.devices
      .filter((device) => device.cohort.name === cohort.name)
      .map((device) => `<h3>${escapeHtml(device.id)}</h3>\n${accuracyChart(record, device)}\n${bytesChart(device)}`);
    return `<h2>Cohort ${escapeHtml(cohort.name)}</h2>\n<div class="strips">${pictures.join('')}</div>\n${charts.join('\n')}`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>renorm: ${escapeHtml(title(summary).toLowerCase())}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title(summary))}</h1>
<p class="quiet">A renorm demonstration run${plan.quick ? ' (quick)' : ''}, ${finished.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${formatDuration(summary.seconds)} minutes</p>
<p class="outcome">${outcomeSentences(summary).map(escapeHtml).join(' ')}</p>
<p>Every device replays labelled test images whose environment changes twice. Each image goes through the adapted model and through the model as exported. The charts show
how many of the latest ${plan.window} images each got right; the window starts anew when the environment changes. Marks below a chart are model versions as they arrived.</p>
${sections.join('\n')}
<h2>In numbers</h2>
${tableHtml(summary)}
<p class="quiet">First and last: the first and the last third of an environment. Gain: both models over the same last third, in percentage points; in brackets where it is within two
standard errors of zero. Bytes: gRPC messages with their frame prefix, without HTTP/2 headers, of this environment alone.</p>
<h2>Settings</h2>
${settings(record, summary)}
</body></html>
`;
}

function settings({ plan, devices }: DemoRecord, summary: DemoSummary): string {
  const sum = (pick: (device: DemoRecord['devices'][number]) => number): number =>
    devices.reduce((all, device) => all + pick(device), 0);
  const file = (path: string): string => path.replace(/^.*[\\/]/, '');
  const entries = [
    ['seed', String(plan.seed)],
    ['time', `the stream's: the cloud is done with an upload ${plan.round} images later, however busy the machine`],
    ['edge model', file(plan.edgeModel)],
    ['foundation model', file(plan.foundationModel)],
    [
      'images',
      'Fashion-MNIST test images (MIT, Zalando SE); no two devices see the same picture in the same environment',
    ],
    [
      'training steps',
      summary.cohorts
        .map(({ name, steps, version }) => `${name} ${formatCount(steps)} (version ${version})`)
        .join(', '),
    ],
    [
      'uploaded',
      `${formatCount(sum((device) => device.counters.uploaded))} samples, ${formatPercent(sum((device) => device.counters.uploaded) / sum((device) => device.chunks.at(-1)?.images ?? 0))} of all`,
    ],
    [
      'on the wire',
      `${formatBytes(sum((device) => device.counters.bytesUp))} up, ${formatBytes(sum((device) => device.counters.bytesDown))} down`,
    ],
    ['machine', `Node ${process.version}, ${process.platform} ${process.arch}`],
  ];
  return `<dl>${entries.map(([term = '', value = '']) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`;
}
