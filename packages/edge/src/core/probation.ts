import { RenormError } from '@renorm/protocol';

/** A sample of the past, and what a version was sure of then. */
interface Probe {
  readonly input: Float32Array;
  readonly label: number;
}

/** The latest samples, on which a version has to compute numbers. */
const LATEST = 8;
/**
 * Samples of which a version was sure: with so many, of which no class has more than half, a version that is of any use
 * says more than one class.
 */
const SURE = 24;
/** Fewer say nothing. */
const FEWEST_SURE = 8;
const LARGEST_SHARE = 0.5;
/** A class takes a third of the room at most: what is seen for long leaves what was seen before. */
const LARGEST_CLASS = 1 / 3;
/**
 * How sure. A camera may look at one thing for minutes, and a model that is lost in fog scatters over classes while it
 * does: what is right then says one class where the version before said many. It was not sure of them.
 */
const SURE_FROM = 0.9;
/** Both together have so many bytes at most: a model of large images is tried on fewer. */
const MOST_BYTES = 16 * 2 ** 20;
/** So many predictions of one class in a row, and twice as many, and so on, are looked into. */
const FIRST_LOOK = 256;

/** Computes one logit for each class, by the version that is tried. */
export type Predict = (input: Float32Array) => Promise<Float32Array>;

/**
 * Remembers some samples, and tries versions on them before they serve: the latest ones, and some that were predicted
 * for sure, as many of each class as there is room for.
 */
export class Probation {
  readonly #room: number;
  readonly #latest: Probe[] = [];
  readonly #sure: Probe[] = [];
  #run = { version: -1, label: -1, length: 0, look: FIRST_LOOK };
  #isBroken = false;

  /** @param elements values of a sample */
  constructor(elements: number) {
    this.#room = Math.min(1, MOST_BYTES / (4 * elements * (LATEST + SURE)));
  }

  /**
   * Looks at a prediction; its values may be kept, and are not to change.
   *
   * @returns whether the version that made it is to be tried again: it computed what is no number, or has said one
   *   class for long
   */
  add(input: Float32Array, { label, probability, version }: Outcome): boolean {
    this.#put(this.#latest, { input, label }, LATEST);
    const isNumber = Number.isFinite(probability);
    if (isNumber && probability >= SURE_FROM) this.#put(this.#sure, { input, label }, SURE, this.#givesWay(label));
    const { version: before, label: last, length, look } = this.#run;
    const goesOn = before === version && last === label;
    if (before !== version) this.#isBroken = false;
    this.#run = { version, label, length: goesOn ? length + 1 : 1, look: goesOn ? look : FIRST_LOOK };
    const isLong = this.#run.length >= this.#run.look;
    if (isLong) this.#run.look *= 2;
    const breaks = !isNumber && !this.#isBroken;
    this.#isBroken ||= breaks;
    return breaks || isLong;
  }

  /**
   * Tries a version.
   *
   * @throws RenormError VERSION_UNFIT: it computes what is no number, or says one class of samples of which many were
   *   predicted for sure; and as `predict`
   */
  async prove(number: number, predict: Predict): Promise<void> {
    const sure = [...this.#sure];
    for (const { input } of [...this.#latest]) await predicted(number, input, predict);
    const labels: number[] = [];
    for (const { input } of sure) labels.push(await predicted(number, input, predict));
    const share = Math.max(0, ...sure.map(({ label }) => sure.filter((each) => each.label === label).length));
    if (sure.length < FEWEST_SURE || share > LARGEST_SHARE * sure.length) return;
    if (labels.some((label) => label !== labels[0])) return;
    const classes = new Set(sure.map(({ label }) => label)).size;
    throw unfit(
      number,
      `it says class ${labels[0]} of all of ${sure.length} samples of which ${classes} classes had been predicted for sure`,
    );
  }

  /** Takes a probe in; the oldest gives way, or the oldest of a class. */
  #put(probes: Probe[], { input, label }: Probe, most: number, instead?: number): void {
    const room = Math.floor(most * this.#room);
    if (room === 0) return;
    const place = instead === undefined ? 0 : probes.findIndex((probe) => probe.label === instead);
    if (probes.length >= room || instead !== undefined) probes.splice(Math.max(0, place), 1);
    probes.push({ input, label });
  }

  /**
   * Which class gives way to one more of another: that one itself, where it has its share; else, where there is no
   * room, that of which there are most.
   */
  #givesWay(label: number): number | undefined {
    const room = Math.floor(SURE * this.#room);
    if (room === 0) return undefined;
    const counts = new Map<number, number>();
    for (const probe of this.#sure) counts.set(probe.label, (counts.get(probe.label) ?? 0) + 1);
    if ((counts.get(label) ?? 0) >= Math.max(1, room * LARGEST_CLASS)) return label;
    if (this.#sure.length < room) return undefined;
    return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
  }
}

/** What a version made of a sample. */
export interface Outcome {
  readonly label: number;
  /** Of that label. */
  readonly probability: number;
  readonly version: number;
}

async function predicted(number: number, input: Float32Array, predict: Predict): Promise<number> {
  const logits = await predict(input);
  const bad = logits.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return logits.reduce((best, value, i) => (value > (logits[best] as number) ? i : best), 0);
  throw unfit(number, `it computes ${logits[bad]} for class ${bad} of a sample of late`);
}

function unfit(number: number, why: string): RenormError {
  const text = `version ${number} was tried on what this device has seen and is not to serve: ${why}. The version before does. See what the cloud learnt from; renorm rollback takes a cohort back.`;
  return new RenormError('VERSION_UNFIT', text);
}
