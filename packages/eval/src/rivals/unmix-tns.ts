import {
  type Graph,
  type Normalization,
  normalizationLayers,
  parameterKey,
  readParameters,
  type Value,
} from '@renorm/onnx';
import { type ParameterSet, RenormError } from '@renorm/protocol';
import { Tensor } from 'onnxruntime-node';
import { Random } from '../corruptions/random.js';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { floatsOf, WrittenSession } from './written-session.js';

/** K, as published for streams of one kind of images at a time. */
const COMPONENTS = 16;
/** Share of the exported variance that the distances of the components take (alpha of the published code). */
const SPREAD = 0.5;
/** Of the softmax over the likeness of a sample to the components. */
const TEMPERATURE = 0.07;
/** The way of the components to a batch of so many samples; of fewer it is as long in the end. */
const [MOMENTUM, FULL_BATCH] = [0.1, 64];
const RATE = 'unmix/rate';

/** Names of what each layer remembers, float32 [K, channels]: inputs, and with `next/` in front outputs. */
const memory = ({ name }: { readonly name: string }) => [`${name}/means`, `${name}/variances`] as const;
const NEXT = 'next/';

/**
 * UnMix-TNS: each image is normalised by its own statistics mixed with those of K components, which learn from what is
 * like them.
 */
export const unmixTns: EvalMethod = {
  about: `each image by its own statistics mixed with those of ${COMPONENTS} components, which learn from what is like them`,
  paper: 'Tomar et al., UnMix-TNS, ICLR 2024',
  needs: NEEDS_NOTHING,
  open: async (context) => inBatches(await unmixing(context, COMPONENTS), 1),
};

/** @param components K, 1 or more @throws RenormError REQUEST_INVALID: the model has no BatchNormalization */
export async function unmixing(
  { models: { edge, sampleShape }, seed }: MethodContext,
  components: number,
): Promise<Rival> {
  const layers = normalizationLayers(edge).filter(({ kind }) => kind === 'BatchNormalization');
  if (layers.length === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      `${edge.name} has no BatchNormalization, and unmix-tns stands in its place; leave it out of --methods.`,
    );
  const next = new Map<string, Value>();
  const session = await WrittenSession.open(edge, sampleShape, {
    normalization: unmixed(components, next),
    outputs: (_, logits) => new Map([['logits', logits], ...next]),
  });
  const random = new Random('unmix', seed);
  const exported = readParameters(edge);
  let remembered: Record<string, Tensor> = {};
  for (const layer of layers) Object.assign(remembered, firstComponents(layer, exported, components, random));
  // Layers whose inputs have no extent in space remember nothing.
  remembered = Object.fromEntries(Object.entries(remembered).filter(([name]) => next.has(`${NEXT}${name}`)));
  return {
    async step(batch) {
      const rate = Float32Array.of(1 - (1 - MOMENTUM) ** (batch.count / FULL_BATCH));
      const outputs = await session.run(batch, {
        ...remembered,
        ...(next.size > 0 && { [RATE]: new Tensor('float32', rate, [1]) }),
      });
      remembered = Object.fromEntries(
        [...next.keys()].map((name) => [name.slice(NEXT.length), outputs.get(name) as Tensor]),
      );
      return floatsOf(outputs, 'logits');
    },
    close: () => session.close(),
  };
}

/** Components around the exported mean, so far apart that the whole has the exported variance. */
function firstComponents(
  layer: { readonly name: string; readonly channels: number },
  exported: ParameterSet,
  components: number,
  random: Random,
): Record<string, Tensor> {
  const mean = exported.get(parameterKey(layer, 'mean')) as Float32Array;
  const variance = exported.get(parameterKey(layer, 'variance')) as Float32Array;
  const spread = components === 1 ? 0 : SPREAD;
  const reach = components === 1 ? 0 : Math.sqrt((spread * components) / (components - 1));
  const size = components * layer.channels;
  const means = Float32Array.from({ length: size }, (_, i) => {
    const c = i % layer.channels;
    return (mean[c] as number) + reach * Math.sqrt(variance[c] as number) * random.normal();
  });
  const variances = Float32Array.from(
    { length: size },
    (_, i) => (1 - spread) * (variance[i % layer.channels] as number),
  );
  const [first, second] = memory(layer);
  const dims = [components, layer.channels];
  return { [first]: new Tensor('float32', means, dims), [second]: new Tensor('float32', variances, dims) };
}

/**
 * The normalization of UnMix-TNS. With p the softmax of the likeness of an image's mean m to those of the K components
 * M, its statistics are those of the mixture of K populations with means (1-p) M + p m, and variances likewise;
 * afterwards each component goes the way p of the rate to the image. Behind a linear layer, where an image has no
 * statistics of its own, the exported ones stay.
 *
 * @param next takes what the components become, by the name of an output
 */
function unmixed(components: number, next: Map<string, Value>): Normalization {
  return (graph, x, layer, parameters) => {
    const spatial = (x.shape ?? []).map((_, axis) => axis).slice(2);
    const [gamma, beta] = [parameters.get('gamma'), parameters.get('beta')];
    if (spatial.length === 0) {
      const read = [x, gamma, beta, parameters.get('mean'), parameters.get('variance')];
      return graph.op('BatchNormalization', read, { epsilon: layer.epsilon });
    }
    const square = (value: Value) => graph.mul(value, value);
    const unit = (value: Value) =>
      graph.div(value, graph.plus(graph.sqrt(graph.reduceSum(square(value), [1], true)), graph.constant(1e-12)));
    const [m, v] = momentsOf(graph, x, spatial);
    const [meansName, variancesName] = memory(layer);
    const dims = [components, layer.channels];
    const [M, V] = [graph.input(meansName, dims), graph.input(variancesName, dims)];
    const likeness = graph.matmul(unit(m), graph.transpose(unit(M), [1, 0]));
    const p = graph.softmax(graph.scale(likeness, 1 / TEMPERATURE));
    const q = graph.sub(graph.constant(1), p);
    const ofAll = (value: Value) => graph.scale(value, 1 / components);
    const rowSum = (value: Value) => graph.reduceSum(value, [1], true);
    // Means over the components, [batch, channels]; the p of an image have the sum 1.
    const mean = ofAll(graph.plus(graph.matmul(q, M), m));
    const within = ofAll(graph.plus(graph.matmul(q, V), v));
    const crossed = graph.mul(graph.scale(m, 2), graph.matmul(graph.mul(p, q), M));
    const squares = ofAll(
      graph.sum(graph.matmul(square(q), square(M)), crossed, graph.mul(rowSum(square(p)), square(m))),
    );
    const variance = graph.plus(within, graph.op('Relu', [graph.sub(squares, square(mean))]));
    const rate = graph.input(RATE, [1]);
    const taken = graph.reduceMean(p, [0], true);
    const towards = (old: Value, values: Value): Value => {
      const fresh = graph.op('Div', [graph.matmul(graph.transpose(p, [1, 0]), values), countOf(graph, x)]);
      return graph.plus(old, graph.mul(rate, graph.sub(fresh, graph.mul(graph.transpose(taken, [1, 0]), old))));
    };
    next.set(`${NEXT}${meansName}`, towards(M, m));
    next.set(`${NEXT}${variancesName}`, towards(V, v));
    const perImage = (value: Value) => graph.reshape(value, [-1, layer.channels, ...spatial.map(() => 1)]);
    const perChannel = (value: Value) => graph.reshape(value, [1, layer.channels, ...spatial.map(() => 1)]);
    const deviation = graph.sqrt(graph.plus(variance, graph.constant(layer.epsilon)));
    const normal = graph.div(graph.sub(x, perImage(mean)), perImage(deviation));
    return graph.plus(graph.mul(normal, perChannel(gamma as Value)), perChannel(beta as Value));
  };
}

/** Mean and biased variance of each image, [batch, channels]. */
function momentsOf(graph: Graph, x: Value, spatial: readonly number[]): readonly [Value, Value] {
  const kept = graph.reduceMean(x, spatial, true);
  const away = graph.sub(x, kept);
  return [graph.reduceMean(x, spatial), graph.reduceMean(graph.mul(away, away), spatial)];
}

/** Images in the batch, as float32. */
const countOf = (graph: Graph, x: Value): Value =>
  graph.op('Cast', [graph.op('Gather', [graph.op('Shape', [x]), graph.ints(0)], { axis: 0 })], { to: 1 });
