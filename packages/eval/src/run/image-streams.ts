import { RenormError } from '@renorm/protocol';
import {
  CORRUPTIONS,
  type CorruptionName,
  corrupt,
  EXTRA_CORRUPTIONS,
  type Image,
  type Severity,
} from '../corruptions/index.js';
import type { DataSet, ImageSource } from '../data/data-set.js';
import { fittedImage } from '../data/model-input.js';
import { openData } from '../data/open-data.js';
import { CLEAN, environmentName, type Pool, type StreamEnvironment } from '../streams/stream.js';
import type { EvalPlan, ModelFacts } from './plan.js';

/** The images of a plan, in every environment that it has: those that the data bring along, and those that are made. */
export class PlannedImages {
  readonly data: DataSet;
  /** What is evaluated, in order. */
  readonly environments: readonly StreamEnvironment[];
  readonly #plan: EvalPlan;
  readonly #facts: ModelFacts;
  readonly #sources = new Map<string, ImageSource>();

  private constructor(data: DataSet, environments: readonly StreamEnvironment[], plan: EvalPlan, facts: ModelFacts) {
    this.data = data;
    this.environments = environments;
    this.#plan = plan;
    this.#facts = facts;
  }

  /** @throws RenormError REQUEST_INVALID, IMAGE_UNREADABLE */
  static async open(plan: EvalPlan, facts: ModelFacts): Promise<PlannedImages> {
    const names = plan.classNames && { classNames: plan.classNames };
    const data = await openData(plan.data, { classes: facts.classes, ...names });
    return new PlannedImages(data, environmentsOf(data, plan), plan, facts);
  }

  /** An environment's images and labels, for who draws streams of them. */
  async pool(environment: StreamEnvironment): Promise<Pool> {
    const source = await this.#source(environment);
    return { environment, count: source.count, label: (index) => source.label(index) };
  }

  /** Whether there are images under no corruption. */
  get hasClean(): boolean {
    return this.data.environments.some(({ corruption }) => corruption === undefined);
  }

  /** One image of an environment in the model's size. @throws RenormError IMAGE_UNREADABLE */
  async image(environment: StreamEnvironment, index: number): Promise<Image> {
    const source = await this.#source(environment);
    const image = fittedImage(await source.image(index), this.#plan.preprocessing, this.#facts.shape);
    const { corruption, severity } = environment;
    if (corruption === undefined || this.#isOwn(environment)) return image;
    return corrupt(image, corruption as CorruptionName, severity as Severity, this.#plan.seed + index);
  }

  #isOwn(environment: StreamEnvironment): boolean {
    return this.data.environments.some((own) => environmentName(own) === environmentName(environment));
  }

  async #source(environment: StreamEnvironment): Promise<ImageSource> {
    const from = this.#isOwn(environment) ? environment : CLEAN;
    const name = environmentName(from);
    const source = this.#sources.get(name) ?? (await this.data.open(from));
    this.#sources.set(name, source);
    return source;
  }
}

/** The images as they are, and what was asked for of them; or what a published set of corruptions has. */
function environmentsOf(data: DataSet, { corrupt: asked, severities, data: path }: EvalPlan): StreamEnvironment[] {
  const isPublished = data.environments.every(({ corruption }) => corruption !== undefined);
  if (!isPublished) {
    const known: readonly string[] = [...CORRUPTIONS, ...EXTRA_CORRUPTIONS];
    const unknown = asked.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new RenormError('REQUEST_INVALID', `--corrupt ${unknown}: there is all, extra, ${known.join(', ')}.`);
    return [CLEAN, ...asked.flatMap((corruption) => severities.map((severity) => ({ corruption, severity })))];
  }
  const there = [...new Set(data.environments.flatMap(({ corruption }) => corruption ?? []))];
  const missing = asked.find((name) => !there.includes(name));
  if (missing !== undefined)
    throw new RenormError(
      'REQUEST_INVALID',
      `--corrupt ${missing}: ${path} is ${data.layout} and brings its own corruptions: ${there.join(', ')}; name one of these.`,
    );
  const wanted = data.environments.filter(
    ({ corruption, severity }) =>
      (asked.length === 0 || asked.includes(corruption as string)) && severities.includes(severity as Severity),
  );
  if (wanted.length === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      `--data ${path} has no corruption of severity ${severities.join(', ')}; name another --severity.`,
    );
  return wanted;
}
