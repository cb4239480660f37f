import type { MessagePort } from 'node:worker_threads';
import type { Stream } from '../streams/stream.js';
import type { CellResult } from './cell.js';
import type { EvalPlan, ModelFacts } from './plan.js';

/** Methods on one stream, one after the other, in one worker. */
export interface CellTask {
  readonly plan: EvalPlan;
  readonly facts: ModelFacts;
  readonly stream: Stream;
  readonly methods: readonly { readonly name: string; readonly key: string }[];
  /** Label of an image without one, by its index. */
  readonly reference: ReadonlyMap<number, number>;
  readonly port: MessagePort;
}

/** From a worker, while it goes on. */
export type CellMessage =
  | { readonly kind: 'images'; readonly images: number }
  | { readonly kind: 'cell'; readonly cell: CellResult }
  /** The method is not for these models. */
  | { readonly kind: 'refused'; readonly method: string; readonly reason: string }
  /** Nothing follows. */
  | { readonly kind: 'end' };

/** How a task ended: errors do not keep their class between threads. */
export type CellOutcome =
  | { readonly done: true }
  | { readonly failed: { readonly code: string; readonly text: string } };
