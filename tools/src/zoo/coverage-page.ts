import { type Finding, isRight, TOLERANCE } from './check.js';
import type { Failure } from './manifest.js';
import { TABLE_HEAD, tableRow } from './table.js';

/** docs/coverage.md: what was tried, and how it came out. */
export function coveragePage(
  findings: readonly Finding[],
  { torch, failures }: { readonly torch: string; readonly failures: readonly Failure[] },
): string {
  const models = new Set(findings.map(({ variant }) => variant.model)).size;
  const right = findings.filter(isRight);
  const worst = Math.max(...right.map((finding) => finding.worst?.error ?? 0));
  return `# What was tried

\`python models/zoo/make.py --out FOLDER\` makes ${models} architectures with random weights and exports each in four to seven ways; \`pnpm zoo --models FOLDER --write docs/coverage.md\` reads
every file, writes its gradient graph for the mean entropy of the predictions, runs it in onnxruntime, and compares every gradient with PyTorch's (${torch.split('+')[0]}) in float64. It writes this page.

**${right.length} of ${findings.length} files are right; the worst gradient of all is ${worst.toExponential(1)} off.** Right is below ${TOLERANCE.toExponential()}, per tensor: max|a - b| / max|b|, b being PyTorch's. A gradient that is
below 1e-4 of the model's largest is what is left of larger ones that cancel (a shift in front of a normalization has none at all); it is measured against that largest.

- **BatchNorm**: kept as an operator, or folded by the exporter, into the convolution or the linear layer before it; then a scale and a shift are inserted. "kept" also for models that have none.
- **layers**: normalization layers that were found, inserted ones among them.
- **graph written in**, **first step**: on a shared machine with 2 cores; the first step of a session plans its memory. MB is the size of the file; weights beside it are not counted.

${TABLE_HEAD}
${findings.map(tableRow).join('\n')}

## What PyTorch could not export

${failures.map(({ file, message }) => `- \`${file}\`: ${firstLine(message)}`).join('\n')}
`;
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 200);
