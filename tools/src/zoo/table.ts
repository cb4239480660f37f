import type { Finding } from './check.js';

export const TABLE_HEAD = [
  '| model | exporter | opset | BatchNorm | batch | MB | layers | graph written in | first step | logits | worst gradient |',
  '|---|---|---|---|---|---|---|---|---|---|---|',
].join('\n');

/** One line of the coverage table. */
export function tableRow(finding: Finding): string {
  const { variant, failure, layers, buildMs = 0, stepMs = 0, logitsError = 0, worst } = finding;
  const { model, exporter, opset, folded, batch, size } = variant;
  const folding = folded === 'none' ? 'kept' : folded === 'convolution' ? 'folded' : folded;
  const about = `| ${model} | ${exporter} | ${opset} | ${folding} | ${batch} | ${(size / 1e6).toFixed(1)} |`;
  if (failure !== undefined) return `${about} failed: ${failure} |||||`;
  const error = (worst?.error ?? Number.NaN).toExponential(1);
  return `${about} ${layers} | ${seconds(buildMs)} | ${seconds(stepMs)} | ${logitsError.toExponential(1)} | ${error} |`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
