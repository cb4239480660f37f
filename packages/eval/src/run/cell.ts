import { createHash } from 'node:crypto';
import type { Stream, StreamEnvironment } from '../streams/stream.js';
import type { EvalPlan, ModelFacts } from './plan.js';

/** What one method did on one stream, image by image: all that tables and charts are made of. */
export interface CellResult {
  /** Names everything that decided it: the same key, the same numbers. */
  readonly key: string;
  readonly method: string;
  /** Name and kind of the stream. */
  readonly stream: string;
  readonly kind: string;
  readonly environments: readonly StreamEnvironment[];
  /** Of each image: index of its environment and of the image in it, class and predicted class. */
  readonly environment: readonly number[];
  readonly image: readonly number[];
  /** The class, or without labels what the reference model says of the image as it is. */
  readonly label: readonly number[];
  readonly predicted: readonly number[];
  /** Probability of the predicted class, and entropy in nats. */
  readonly confidence: readonly number[];
  readonly entropy: readonly number[];
  /** What was uploaded, and why: positions in the stream. */
  readonly uploads: readonly (readonly [position: number, reason: string])[];
  /** Bytes of messages, where there were any. */
  readonly bytes: readonly (readonly [position: number, up: number, down: number])[];
  /** Where the version changed. */
  readonly versions: readonly (readonly [position: number, version: number])[];
  /** Images that could not be read, by name: they are in none of the above. */
  readonly unreadable: readonly string[];
  /** That the cell took. */
  readonly seconds: number;
}

/** Raised when a method comes to other numbers than before: what an older release kept is run again. */
const REVISION = 2;

/** Names a cell by what decides its numbers. */
export function cellKey(plan: EvalPlan, facts: ModelFacts, stream: Stream, method: string): string {
  const { data, classNames, preprocessing, foundation, batch, link, seed } = plan;
  const decisive = {
    ...{ data, classNames, preprocessing, foundation, link, seed, facts, stream, method },
    revision: REVISION,
    batch: stream.batch ?? batch,
  };
  return createHash('sha256').update(JSON.stringify(decisive)).digest('hex').slice(0, 32);
}
