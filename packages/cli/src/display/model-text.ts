import { formatCount } from '@renorm/eval';
import type { ModelDescription } from '@renorm/onnx';
import chalk from 'chalk';
import { columns } from './table.js';

/** A description of a model for a person: what it is, its normalization layers, what would be trained and what stands in the way. */
export function modelText(model: ModelDescription): string {
  const facts = columns(
    [
      ['input', `${model.inputName}  float32 [${model.inputShape.join(', ')}]`],
      ['output', `${model.outputName}${model.classes === undefined ? '' : `  ${model.classes} classes`}`],
      ['format', `ONNX, operator set ${model.opset}${model.producer === '' ? '' : `, written by ${model.producer}`}`],
      ['parameters', formatCount(model.parameterCount)],
      ['operators', [...model.operators].map(([name, count]) => `${name} ${count}`).join(', ')],
    ].map(([term = '', value = '']) => [chalk.dim(term), value]),
    ['left'],
  );
  return [chalk.bold(model.name), ...facts, '', ...layers(model), '', ...verdict(model)].join('\n');
}

function layers(model: ModelDescription): string[] {
  if (model.layers.length === 0) return ['No normalization layers.'];
  const learnable = new Set(model.learnable);
  const rows = model.layers.map(({ name, kind, channels }) => [
    name,
    kind,
    formatCount(channels),
    learnable.has(name) ? formatCount(2 * channels) : chalk.yellow('0 (no gradient reaches it)'),
    formatCount(2 * channels),
  ]);
  const heads = ['layer', 'kind', 'channels', 'trained', 're-estimated'].map((head) => chalk.dim(head));
  const note = chalk.dim(
    'trained: scale and shift, by gradient. re-estimated: running mean and variance, from the samples.',
  );
  return [...columns([heads, ...rows], ['left', 'left', 'right']), note];
}

function verdict({ parameterCount, layers: all, learnable, obstacles }: ModelDescription): string[] {
  const trainableCount = all
    .filter(({ name }) => learnable.includes(name))
    .reduce((sum, { channels }) => sum + 2 * channels, 0);
  const share = parameterCount === 0 ? 0 : (100 * trainableCount) / parameterCount;
  const trained = `would be trained: ${formatCount(trainableCount)} parameters (scale and shift of ${learnable.length} of ${all.length} layers), ${share.toFixed(2)}% of the model`;
  if (obstacles.length === 0 && trainableCount > 0)
    return [trained, chalk.green('Nothing stands in the way of adapting this model.')];
  const list = obstacles.map(({ operator, node, reason }) => `  ${operator} ${chalk.dim(node)}  ${reason}`);
  return [
    trained,
    chalk.yellow('In the way:'),
    ...list,
    ...(all.length === 0
      ? ['  no BatchNormalization layer: export the model without folding them into the convolutions']
      : []),
  ];
}
