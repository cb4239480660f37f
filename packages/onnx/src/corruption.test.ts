import { test } from 'tap';
import {
  describeModel,
  OnnxError,
  parametricModel,
  parseModel,
  readParameters,
  trainingModel,
  withParameters,
} from './index.js';
import { modelFile, uniforms } from './testing/fixtures.js';
import { meanEntropy } from './testing/losses.js';

const WHOLE = modelFile('fashion-edge.onnx');
/** By hand: ROUNDS=2000 npx tap --timeout=900 packages/onnx/dist/corruption.test.js */
const ROUNDS = Number(process.env.ROUNDS ?? 300);
const LIMIT_MS = 5000;

/**
 * Where names, attributes and sizes stand, which a place taken at random in a file full of weights would hardly ever
 * hit.
 */
const STRUCTURE = structure();

function structure(): number[] {
  const { graph } = parseModel(WHOLE);
  const weights = graph.initializer.map(({ rawData }) => rawData).filter(({ length }) => length > 64);
  const isWeight = new Uint8Array(WHOLE.length);
  for (const bytes of weights) {
    const at = WHOLE.indexOf(bytes);
    isWeight.fill(1, at + 8, at + bytes.length);
  }
  return Array.from(WHOLE.keys()).filter((i) => isWeight[i] === 0);
}

/** A file with a few bytes changed, cut off or inserted; the same for the same round. */
function corrupted(round: number): Uint8Array {
  const next = uniforms(round);
  const below = (limit: number): number => Math.floor(next() * limit);
  const place = (): number => (next() < 0.9 ? (STRUCTURE[below(STRUCTURE.length)] as number) : below(WHOLE.length));
  const kind = below(10);
  if (kind === 0) return WHOLE.subarray(0, place());
  const bytes = Uint8Array.from(WHOLE);
  if (kind < 8) {
    for (let i = below(3); i >= 0; i--)
      bytes[place()] = next() < 0.5 ? below(256) : (bytes[place()] as number) ^ (1 << below(8));
    return bytes;
  }
  const at = place();
  const inserted = Uint8Array.from({ length: 1 + below(6) }, () => below(256));
  return Uint8Array.from([...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at + below(4))]);
}

/**
 * Everything that is done with a model, each step whether or not the one before it was refused.
 *
 * @returns how far it came
 */
function useModel(bytes: Uint8Array): number {
  let refused = 0;
  const attempt = <T>(call: () => T): T | undefined => {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof OnnxError)) throw error;
      refused++;
      return undefined;
    }
  };
  const model = attempt(() => parseModel(bytes, 'corrupted.onnx'));
  if (model === undefined) return 0;
  attempt(() => describeModel(model));
  const parameters = attempt(() => readParameters(model));
  if (parameters !== undefined) attempt(() => withParameters(model, parameters));
  attempt(() => parametricModel(model));
  attempt(() => trainingModel(model, meanEntropy));
  attempt(() => trainingModel(model, meanEntropy, { onMissingRule: 'stop' }));
  return refused === 0 ? 2 : 1;
}

test(`${ROUNDS} corrupted models are refused or read, soon, and never anything else`, async (t) => {
  const outcomes = [0, 0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = corrupted(round);
    const start = performance.now();
    try {
      const outcome = useModel(bytes);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    } catch (error) {
      t.fail(`round ${round}: ${error instanceof Error ? error.stack : error}`);
    }
    const took = performance.now() - start;
    if (took > LIMIT_MS) t.fail(`round ${round} took ${took} ms`);
  }
  const [refused = 0, partly = 0, used = 0] = outcomes;
  t.comment(`${refused} refused at once, ${partly} later, ${used} used`);
  t.ok(refused > ROUNDS / 10 && used > ROUNDS / 10, 'both happen');
});
