import { bestClass, type LabelledStream } from '@renorm/eval';

/** What a hostile or broken device sends instead of its images: float32 as the model takes it. */
export interface Attack {
  readonly name: string;
  /** @param random from 0 to 1 */
  readonly sample: (honest: Float32Array, random: () => number, pool: Pools) => Float32Array;
}

/** Images that an attacker picks from: of one class, and such that the source model is most surely wrong about. */
export interface Pools {
  readonly oneClass: readonly Float32Array[];
  readonly wrong: readonly Float32Array[];
}

const pick = (from: readonly Float32Array[], random: () => number): Float32Array =>
  from[Math.floor(random() * from.length)] as Float32Array;

/** Out of range: what one such sample, or one such device, sends. */
export const OUT_OF_RANGE: readonly Attack[] = [
  { name: 'the constant 100', sample: (honest) => new Float32Array(honest.length).fill(100) },
  { name: 'not divided by 255', sample: (honest) => honest.map((value) => 255 * value) },
];

/** In range, as far as a number goes. */
export const HOSTILE: readonly Attack[] = [
  { name: 'black', sample: (honest) => new Float32Array(honest.length) },
  { name: 'one class', sample: (_, random, { oneClass }) => pick(oneClass, random) },
  { name: 'negatives (1 - x)', sample: (honest) => honest.map((value) => 1 - value) },
  { name: 'negatives (-x)', sample: (honest) => honest.map((value) => -value) },
  { name: 'confidently wrong', sample: (_, random, { wrong }) => pick(wrong, random) },
  { name: 'noise', sample: (honest, random) => honest.map(() => random()) },
];

/** The class of bags, and the tenth of a stream that the source is most surely wrong about. */
export async function poolsOf(
  { inputs, labels }: LabelledStream,
  source: (inputs: readonly Float32Array[]) => Promise<Float32Array>,
  classes: number,
): Promise<Pools> {
  const logits = await source(inputs);
  const surelyWrong = inputs.flatMap((input, i) => {
    const best = bestClass(logits, classes, i);
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const largest = row[best] as number;
    const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
    return best === labels[i] ? [] : [{ input, confidence: 1 / sum }];
  });
  const wrong = surelyWrong.sort((a, b) => b.confidence - a.confidence).slice(0, Math.ceil(inputs.length / 20));
  return { oneClass: inputs.filter((_, i) => labels[i] === 8), wrong: wrong.map(({ input }) => input) };
}
