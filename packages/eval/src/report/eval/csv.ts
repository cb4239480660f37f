import type { EvalSummary } from '../../run/summary.js';

const HEADS = [
  'stream',
  'environment',
  'method',
  'images',
  'accuracy',
  'low',
  'high',
  'gain',
  'entropy',
  'ece',
  'uploaded',
  'bytes_up_per_1000',
  'bytes_down_per_1000',
];

/** A line for each method in each environment (RFC 4180; names hold no comma but those in quotes). */
export function evalCsv({ streams }: EvalSummary): string {
  const lines = streams.flatMap(({ kind, methods }) =>
    methods.flatMap(({ method, environments }) =>
      environments.map((each) =>
        [
          ...[kind, each.environment, method].map((text) =>
            /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text,
          ),
          ...[
            each.images,
            each.accuracy,
            each.low,
            each.high,
            each.againstSource.gain,
            each.entropy,
            each.calibrationError,
          ],
          ...[each.uploaded, each.bytesUpPerThousand, each.bytesDownPerThousand],
        ]
          .map((value) => (typeof value === 'number' ? String(Math.round(value * 1e6) / 1e6) : value))
          .join(','),
      ),
    ),
  );
  return `${[HEADS.join(','), ...lines].join('\n')}\n`;
}
