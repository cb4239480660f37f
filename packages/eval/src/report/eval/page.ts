import { formatBytes, formatCount, formatPercent, formatPoints } from '../../format/format.js';
import type { MethodSummary } from '../../run/method-summary.js';
import type { EvalRecord } from '../../run/run-eval.js';
import type { EvalSummary } from '../../run/summary.js';
import { STYLE } from '../style.js';
import { escapeHtml } from '../svg.js';
import { accuracyBars } from './bars.js';
import { reliabilityChart } from './calibration.js';
import { accuracyCurves } from './curves.js';
import { frontiers } from './frontier.js';
import { legend } from './names.js';
import { surenessChart } from './sureness.js';

const OWN_STYLE = `
.interval { stroke: var(--ink); stroke-width: 1.2; opacity: .7; } .band { opacity: .18; } .front { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 4 3; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 14px; max-width: none; } .legend i { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 6px; vertical-align: -1px; }
.small { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 14px; } .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 18px; }
.left { text-align: left; white-space: normal; min-width: 110px; } td.name + td.name, th.name + th.name { padding-left: 14px; } .wide svg { min-width: 680px; }
.pictures { white-space: nowrap; text-align: left; } .pictures img { height: 44px; margin-right: 4px; image-rendering: pixelated; border-radius: 2px; vertical-align: middle; }
.verdict { border-left: 4px solid var(--quiet); padding: 2px 0 2px 16px; margin: 18px 0; font-size: 18px; } .verdict.deploy { border-color: var(--adapted); } .verdict.do { border-color: var(--up); }
.verdict p { max-width: 68ch; } .verdict p:first-child { font-weight: 600; }
`;

/**
 * An evaluation as one HTML document that needs nothing else: no script, no network, light and dark.
 *
 * @param pictures of uploads, as HTML
 */
export function evalReportHtml(record: EvalRecord, summary: EvalSummary, pictures: string, finished: Date): string {
  const { verdict, layout, measuredAgainst, notes, unreadable, refused } = summary;
  const accuracy = measuredAgainst === 'labels' ? 'Accuracy' : `Agreement with ${measuredAgainst}`;
  const title =
    verdict.betterAlone === undefined || verdict.decision === 'do not deploy'
      ? { deploy: 'Worth deploying', 'do not deploy': 'Not worth deploying', unclear: 'No clear difference' }[
          verdict.decision
        ]
      : `${verdict.decision === 'deploy' ? 'Worth deploying' : 'No clear difference'}, but ${verdict.betterAlone} on the device does better`;
  const remarks = [
    ...notes,
    ...(unreadable.length > 0
      ? [`${unreadable.length} images could not be read and are left out, among them: ${unreadable[0]}`]
      : []),
    ...Object.entries(refused).map(([method, reason]) => `${method} is left out: ${reason}`),
  ];
  const sections = summary.streams.map(({ kind, methods, environments }) => {
    const names = methods.map(({ method }) => method);
    const cells = record.cells.filter((cell) => cell.kind === kind);
    const shown = names.find((name) => name === verdict.method) ?? names.at(-1) ?? '';
    return `<h2>${kind === 'reset' ? 'Each environment from the exported model' : `Stream ${escapeHtml(kind)}`}</h2>
${methodTable(methods, accuracy)}
${legend(names)}
<h3>${escapeHtml(accuracy)} by environment, with 95% intervals</h3>
<div class="scroll wide">${accuracyBars(methods, environments)}</div>
<h3>Over time</h3>
<p class="quiet">Right in each of up to 24 stretches of a stream, in %. The band is the 95% interval of ${escapeHtml(shown)}.</p>
${accuracyCurves(cells, names, shown)}
<h3>What it costs</h3>
<p class="quiet">Hollow points need batches or back propagation on the device. Of the others, the line leads along those that nothing cheaper beats.</p>
${frontiers(methods)}
<h3>Calibration</h3>
<p class="quiet">On the dashed line a model is right as often as it is sure (ECE, in the table, is the mean distance from it). In the second chart: the farther apart, the better a wrong answer can be told by how sure the model is.</p>
<div class="pair">${reliabilityChart(cells, names)}${surenessChart(methods)}</div>`;
  });
  const uploads =
    pictures === ''
      ? ''
      : `<h2>What was uploaded, and why</h2>\n<p class="quiet">By ${escapeHtml(verdict.method ?? '')}. ${escapeHtml(reasonsOf(record, verdict.method))}</p>\n${pictures}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>renorm eval: ${escapeHtml(title.toLowerCase())}</title><style>${STYLE}${OWN_STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p class="quiet">renorm eval, ${finished.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${escapeHtml(layout)}, up to ${formatCount(summary.images)} images of each environment, seed ${summary.seed}</p>
<div class="verdict ${verdict.decision.split(' ')[0]}">${verdict.sentences.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join('')}</div>
${remarks.map((remark) => `<p>${escapeHtml(remark)}</p>`).join('\n')}
${sections.join('\n')}
${uploads}
<h2>Settings</h2>
${settings(record)}
</body></html>
`;
}

/** Reasons of the policies that ship, in words. */
const REASONS: Readonly<Record<string, string>> = {
  burst: 'everything, at the start and after a shift',
  random: 'drawn without bias',
  drawn: 'without bias',
  uncertain: 'what the model is least sure of',
};

function reasonsOf({ cells }: EvalRecord, method: string | undefined): string {
  const seen = new Set(cells.flatMap((cell) => (cell.method === method ? cell.uploads.map(([, why]) => why) : [])));
  const known = [...seen].filter((reason) => Object.hasOwn(REASONS, reason));
  return known.length === 0
    ? 'The words are the policy’s.'
    : `${known.map((reason) => `${reason}: ${REASONS[reason]}`).join('; ')}.`;
}

function methodTable(methods: readonly MethodSummary[], accuracy: string): string {
  const heads = [
    'method',
    'clean',
    accuracy.toLowerCase(),
    '95% interval',
    'gain',
    'uploaded',
    'up / 1,000',
    'down / 1,000',
    'ECE',
    'asks for',
  ];
  const rows = methods.map(({ method, about, paper, clean, changed, needs }) => {
    const asks = [
      needs.batches && 'batches',
      needs.gradients && 'back propagation',
      needs.cloud && 'a cloud',
      needs.foundation && 'a foundation model',
      needs.clean && 'clean images',
    ]
      .filter(Boolean)
      .join(', ');
    const { verdict, gain } = changed.againstSource;
    const points = method === 'source' ? '' : verdict === 'unclear' ? `(${formatPoints(gain)})` : formatPoints(gain);
    const cells = [
      clean === undefined ? '–' : formatPercent(clean.accuracy),
      formatPercent(changed.accuracy),
      `${formatPercent(changed.low)} to ${formatPercent(changed.high)}`,
      points,
      ...(needs.cloud
        ? [
            formatPercent(changed.uploaded),
            formatBytes(changed.bytesUpPerThousand),
            formatBytes(changed.bytesDownPerThousand),
          ]
        : ['', '', '']),
      formatPercent(changed.calibrationError),
    ];
    const row = cells.map((cell, i) => `<td${i === 3 ? ` class="${verdict}"` : ''}>${escapeHtml(cell)}</td>`).join('');
    return `<tr><td class="name" title="${escapeHtml([about, paper].filter(Boolean).join('. '))}">${escapeHtml(method)}</td>${row}<td class="left">${escapeHtml(asks)}</td></tr>`;
  });
  const name = (head: string): string =>
    head === 'method' ? ' class="name"' : head === 'asks for' ? ' class="left"' : '';
  return `<div class="scroll"><table class="methods"><thead><tr>${heads.map((head) => `<th${name(head)}>${escapeHtml(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function settings({ plan, facts }: EvalRecord): string {
  const file = (path: string): string => path.replace(/^.*[\\/]/, '');
  const { link } = plan;
  const entries = [
    ['edge model', `${file(plan.edgeModel)} (SHA-256 ${facts.edgeDigest.slice(0, 16)}…)`],
    ...(plan.foundationModel === undefined ? [] : [['foundation model', file(plan.foundationModel)]]),
    ['data', file(plan.data)],
    [
      'corruptions',
      plan.corrupt.length === 0 ? 'none made' : `${plan.corrupt.join(', ')}; severity ${plan.severities.join(', ')}`,
    ],
    ['preprocessing', JSON.stringify(plan.preprocessing)],
    ['batches', `${plan.batch} images, for methods that need batches`],
    [
      'link',
      `delay ${link.delay} images, loss ${formatPercent(link.loss)}${link.budget === undefined ? '' : `, ${formatBytes(link.budget)} for 1,000 images`}${link.offline.length === 0 ? '' : `, offline ${link.offline.map((each) => each.join('–')).join(', ')}`}`,
    ],
    ['machine', `Node ${process.version}, ${process.platform} ${process.arch}`],
  ];
  return `<dl>${entries.map(([term = '', value = '']) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`;
}
