import type { Models } from '@renorm/cloud/internal';
import { softmax } from '@renorm/edge';
import { RenormError } from '@renorm/protocol';
import type { Image } from '../corruptions/index.js';
import { modelInput } from '../data/model-input.js';
import { methodOf } from '../methods/method-table.js';
import { bestClass } from '../methods/outcome.js';
import { draw } from '../streams/orders.js';
import { CLEAN, type Stream, type StreamItem } from '../streams/stream.js';
import type { CellResult } from './cell.js';
import type { PlannedImages } from './image-streams.js';
import type { EvalPlan } from './plan.js';

/** A stream with its pictures, which every method on it shares. */
export interface SeenStream {
  readonly stream: Stream;
  /** One for each item that could be read. */
  readonly items: readonly StreamItem[];
  readonly images: readonly Image[];
  readonly labels: readonly number[];
  readonly unreadable: readonly string[];
}

/** More than this share of unreadable images is no accident. */
const MOST_UNREADABLE = 0.1;

/**
 * Decodes and corrupts the images of a stream.
 *
 * @param reference label of an image whose own is not known, by its index in its environment
 * @throws RenormError IMAGE_UNREADABLE: more than a tenth cannot be read
 */
export async function see(
  images: PlannedImages,
  stream: Stream,
  reference: (image: number) => number | undefined,
  onImage: () => void = () => undefined,
): Promise<SeenStream> {
  const seen: { item: StreamItem; image: Image; label: number }[] = [];
  const unreadable: string[] = [];
  for (const item of stream.items) {
    const environment = stream.environments[item.environment] ?? CLEAN;
    onImage();
    try {
      const label = (await images.pool(environment)).label(item.image) ?? reference(item.image);
      const image = await images.image(environment, item.image);
      if (label !== undefined) seen.push({ item, image, label });
    } catch (error) {
      if (!(error instanceof RenormError && error.code === 'IMAGE_UNREADABLE')) throw error;
      unreadable.push(error.text);
      if (unreadable.length > Math.max(1, MOST_UNREADABLE * stream.items.length))
        throw new RenormError(
          'IMAGE_UNREADABLE',
          `more than a tenth of the images cannot be read, among them: ${error.text}`,
          { cause: error },
        );
    }
  }
  return {
    stream,
    unreadable,
    items: seen.map(({ item }) => item),
    images: seen.map(({ image }) => image),
    labels: seen.map(({ label }) => label),
  };
}

/** What a cell is run with. */
export interface CellSetup {
  readonly plan: EvalPlan;
  readonly models: Models;
  readonly images: PlannedImages;
  readonly key: string;
  readonly method: string;
  /** Called at each image. */
  onImage?(): void;
}

/** Runs a method over a stream. @throws RenormError, OnnxError: the models are not for it */
export async function runCell(
  { plan, models, images, key, method, onImage }: CellSetup,
  seen: SeenStream,
): Promise<CellResult> {
  const { stream, items, labels } = seen;
  const started = performance.now();
  const opened = await methodOf(method).open({
    ...{
      models,
      link: plan.link,
      seed: plan.seed,
      cohort: `${stream.name}-${plan.seed}`.replace(/[^A-Za-z0-9._-]/g, '-'),
    },
    batch: stream.batch ?? plan.batch,
    async cleanInputs(count) {
      if (!images.hasClean) return [];
      const pool = await images.pool(CLEAN);
      // Others than those that the streams begin with, as far as there are others.
      const chosen = draw(pool.count, pool.count, 'clean', plan.seed).slice(0, count);
      return Promise.all(chosen.map(async (index) => modelInput(await images.image(CLEAN, index), plan.preprocessing)));
    },
  });
  async function* inputs(): AsyncGenerator<Float32Array> {
    for (const image of seen.images) {
      onImage?.();
      yield modelInput(image, plan.preprocessing);
    }
  }
  const cell = {
    predicted: [] as number[],
    confidence: [] as number[],
    entropy: [] as number[],
    uploads: [] as [number, string][],
    bytes: [] as [number, number, number][],
    versions: [] as [number, number][],
  };
  try {
    let position = 0;
    for await (const { logits, uploaded, bytesUp = 0, bytesDown = 0, version = 0 } of opened.run(inputs())) {
      const { probabilities, entropy } = softmax(logits);
      const best = bestClass(logits, logits.length);
      cell.predicted.push(best);
      cell.confidence.push(rounded(probabilities[best] ?? Number.NaN));
      cell.entropy.push(rounded(entropy));
      if (uploaded !== undefined) cell.uploads.push([position, uploaded]);
      if (bytesUp + bytesDown > 0) cell.bytes.push([position, bytesUp, bytesDown]);
      if (version !== (cell.versions.at(-1)?.[1] ?? 0)) cell.versions.push([position, version]);
      position += 1;
    }
  } finally {
    await opened.close();
  }
  return {
    ...{ key, method, stream: stream.name, kind: stream.kind, environments: stream.environments },
    environment: items.map(({ environment }) => environment),
    image: items.map(({ image }) => image),
    label: labels,
    ...cell,
    unreadable: seen.unreadable,
    seconds: rounded((performance.now() - started) / 1000),
  };
}

/** Four digits: what a table needs, and short in a file. */
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
