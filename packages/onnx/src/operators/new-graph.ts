import { Graph } from '../graph/graph.js';
import { operatorOf } from './operators.js';

/** A graph that knows the operators. @param opset version of the default operator set, 13 or newer */
export const newGraph = (opset: number): Graph => new Graph(opset, operatorOf);
