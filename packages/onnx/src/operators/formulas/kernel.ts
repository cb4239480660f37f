import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/types.js';
import { readFloats } from '../../model/tensor.js';

/** A constant kernel. */
export interface Kernel {
  readonly name: string;
  readonly data: Float32Array;
  /** [outputs, inputs / groups, ...window] */
  readonly dims: readonly number[];
}

/** The kernel as numbers; undefined where it is not a constant of the graph. */
export function constantKernel(graph: Graph, value: Value): Kernel | undefined {
  const tensor = graph.constants.get(value.name);
  if (tensor === undefined) {
    // Exporters write a weight that equals another as its Identity.
    const producer = graph.producer(value);
    const [source] = producer?.type === 'Identity' ? producer.inputs : [];
    return source && constantKernel(graph, source);
  }
  return { name: value.name, data: readFloats(tensor), dims: tensor.dims.map(Number) };
}

const area = ({ dims }: Kernel): number => dims.slice(2).reduce((product, size) => product * size, 1);

/** Constants that the rules made, by graph: a weight that two nodes read is rearranged once. */
const MADE = new WeakMap<Graph, Map<string, Value>>();

export function once(graph: Graph, key: string, make: () => Value): Value {
  const made = MADE.get(graph) ?? new Map<string, Value>();
  MADE.set(graph, made);
  const value = made.get(key) ?? make();
  made.set(key, value);
  return value;
}

/** The window turned by 180 degrees, input and output channels exchanged: [inputs, outputs / groups, ...window]. */
export function turnedKernel(graph: Graph, kernel: Kernel, group: number): Value {
  return once(graph, `turned ${kernel.name} ${group}`, () => {
    const [outputs, inputs, ...window] = kernel.dims as [number, number, ...number[]];
    const perGroup = outputs / group;
    const size = area(kernel);
    const turned = new Float32Array(kernel.data.length);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        const from = (o * inputs + i) * size;
        const to = ((Math.floor(o / perGroup) * inputs + i) * perGroup + (o % perGroup)) * size;
        for (let k = 0; k < size; k++) turned[to + size - 1 - k] = kernel.data[from + k] as number;
      }
    }
    return graph.constant(turned, [inputs * group, perGroup, ...window]);
  });
}

/** A kernel of one axis as one of two, the first of size 1. */
export function flatKernel(graph: Graph, kernel: Value): Value {
  const constant = constantKernel(graph, kernel);
  if (constant === undefined) return graph.op('Unsqueeze', [kernel, graph.ints([2])]);
  const { name, data, dims } = constant;
  return once(graph, `flat ${name}`, () => graph.constant(data, [...dims.slice(0, 2), 1, ...dims.slice(2)]));
}

/**
 * Where one tap of the window goes along one axis: to which phase of the input, at which place of that phase's small
 * kernel.
 */
export interface Tap {
  readonly phase: number;
  readonly place: number;
}

/** One axis of a sub-pixel convolution. */
export interface Phases {
  readonly stride: number;
  readonly taps: readonly Tap[];
  /** Number of places. */
  readonly length: number;
}

/** The small kernels of all phases, as output channels side by side: [inputs phases, outputs / groups, ...lengths]. */
export function phaseKernel(graph: Graph, kernel: Kernel, group: number, axes: readonly Phases[]): Value {
  return once(graph, `phases ${kernel.name} ${group} ${JSON.stringify(axes)}`, () => {
    const [outputs, inputs, ...window] = kernel.dims as [number, number, ...number[]];
    const perGroup = outputs / group;
    const size = area(kernel);
    const phases = axes.reduce((product, { stride }) => product * stride, 1);
    const places = axes.reduce((product, { length }) => product * length, 1);
    const taps = Array.from({ length: size }, (_, k) => tapAt(k, window, axes));
    const spread = new Float32Array(inputs * group * phases * perGroup * places);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        const channel = Math.floor(o / perGroup) * inputs + i;
        taps.forEach(({ phase, place }, k) => {
          const to = ((channel * phases + phase) * perGroup + (o % perGroup)) * places + place;
          spread[to] = kernel.data[(o * inputs + i) * size + k] as number;
        });
      }
    }
    const lengths = axes.map(({ length }) => length);
    return graph.constant(spread, [inputs * group * phases, perGroup, ...lengths]);
  });
}

/** Phase and place of the k-th tap of a window, counted over all axes. */
function tapAt(k: number, window: readonly number[], axes: readonly Phases[]): Tap {
  let [rest, phase, place, phases, places] = [k, 0, 0, 1, 1];
  for (let i = window.length - 1; i >= 0; i--) {
    const { stride, taps, length } = axes[i] as Phases;
    const tap = taps[rest % (window[i] as number)] as Tap;
    rest = Math.floor(rest / (window[i] as number));
    phase += tap.phase * phases;
    place += tap.place * places;
    phases *= stride;
    places *= length;
  }
  return { phase, place };
}

/** Ones for every channel by itself: [channels, 1, ...window]. */
export function onesKernel(graph: Graph, channels: number, window: readonly number[]): Value {
  return once(graph, `ones ${channels} ${window}`, () => {
    const size = window.reduce((product, count) => product * count, channels);
    return graph.constant(new Float32Array(size).fill(1), [channels, 1, ...window]);
  });
}
