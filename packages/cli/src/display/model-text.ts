import { formatCount } from '@renorm/eval/format';
import type { ModelDescription, NormalizationLayer, Role } from '@renorm/onnx';
import chalk from 'chalk';
import { columns } from './table.js';

/** A description of a model for a person: what it is, its normalization layers, and what would be trained. */
export function modelText(model: ModelDescription): string {
  const facts = columns(
    [
      ['input', `${model.inputName}  ${model.inputType} [${model.inputShape.join(', ')}]`],
      ['output', `${model.outputName}${model.classes === undefined ? '' : `  ${model.classes} classes`}`],
      ['format', `ONNX, operator set ${model.opset}${model.producer === '' ? '' : `, written by ${model.producer}`}`],
      ['parameters', formatCount(model.parameterCount)],
      ['operators', [...model.operators].map(([name, count]) => `${name} ${count}`).join(', ')],
    ].map(([term = '', value = '']) => [chalk.dim(term), value]),
    ['left'],
  );
  return [chalk.bold(model.name), ...facts, '', ...layers(model), '', ...trainedPart(model)].join('\n');
}

function layers(model: ModelDescription): string[] {
  if (model.layers.length === 0) return ['No normalization layers.'];
  const learnable = new Set(model.learnable);
  const reestimated = model.layers.some((layer) => statistics(layer) > 0);
  const rows = model.layers.map((layer) => [
    layer.name,
    layer.kind,
    formatCount(layer.channels),
    learnable.has(layer.name) ? formatCount(trained(layer)) : chalk.yellow('0 (no gradient reaches it)'),
    ...(reestimated ? [formatCount(statistics(layer))] : []),
  ]);
  const heads = ['layer', 'kind', 'channels', 'trained', ...(reestimated ? ['re-estimated'] : [])];
  const notes = [
    'trained: scale and shift, by gradient.',
    ...(reestimated ? ['re-estimated: running mean and variance, from the samples.'] : []),
    ...(model.layers.some(({ kind }) => kind === 'ScaleShift')
      ? [
          'ScaleShift: inserted behind a convolution, for a BatchNormalization that the exporter folded into it; folded again for serving.',
        ]
      : []),
  ];
  const table = columns([heads.map((head) => chalk.dim(head)), ...rows], ['left', 'left', 'right']);
  return [...table, ...notes.map((note) => chalk.dim(note))];
}

const count = ({ channels, roles }: NormalizationLayer, ...of: readonly Role[]): number =>
  channels * roles.filter((role) => of.includes(role)).length;
const trained = (layer: NormalizationLayer): number => count(layer, 'gamma', 'beta');
const statistics = (layer: NormalizationLayer): number => count(layer, 'mean', 'variance');

function trainedPart({ parameterCount, layers: all, learnable, obstacles }: ModelDescription): string[] {
  const trainableCount = all
    .filter(({ name }) => learnable.includes(name))
    .reduce((sum, layer) => sum + trained(layer), 0);
  const share = parameterCount === 0 ? 0 : (100 * trainableCount) / parameterCount;
  const summary = `would be trained: ${formatCount(trainableCount)} parameters (scale and shift of ${learnable.length} of ${all.length} layers), ${share.toFixed(2)}% of the model`;
  if (obstacles.length === 0) return [summary];
  const list = obstacles.map(({ operator, node, reason }) => `  ${operator} ${chalk.dim(node)}  ${reason}`);
  return [summary, chalk.yellow('In the way of gradients:'), ...list];
}
