import { seededRandom } from '@renorm/protocol';
import { corrupt, type Image } from '../corruptions/index.js';
import type { LabelledImages } from '../data/labelled-images.js';
import type { CohortPlan, DemoPlan, Environment } from './plan.js';

/** A few consecutive images of one environment, ready for a model. */
export interface StreamChunk {
  readonly environment: number;
  /** HWC bytes of each image scaled to [0, 1]: grey, so HWC is CHW. */
  readonly inputs: readonly Float32Array[];
  readonly labels: readonly number[];
}

/**
 * The images that one device sees, in order. Every environment is a fresh draw without repetition from the test images,
 * and the devices of all cohorts share it out among them: in one environment no two devices see the same picture. The
 * same seed gives the same stream.
 */
export async function* deviceStream(
  images: LabelledImages,
  plan: DemoPlan,
  device: string,
): AsyncGenerator<StreamChunk> {
  const devices = plan.cohorts.flatMap((cohort) => cohort.devices);
  const position = devices.indexOf(device);
  const cohort = cohortOf(plan, device);
  for (const [index, environment] of cohort.environments.entries()) {
    const order = shuffled(images.count, plan.seed * 1000 + index);
    for (let start = 0; start < environment.images; start += plan.chunk) {
      const end = Math.min(start + plan.chunk, environment.images);
      const chosen = Array.from(
        { length: end - start },
        (_, i) => order[((start + i) * devices.length + position) % order.length] ?? 0,
      );
      yield {
        environment: index,
        inputs: await Promise.all(
          chosen.map(async (choice) => toInput(await see(images.image(choice), environment, plan.seed + choice))),
        ),
        labels: chosen.map((choice) => images.label(choice)),
      };
    }
  }
}

/** The cohort that a device belongs to. */
export function cohortOf(plan: DemoPlan, device: string): CohortPlan {
  const cohort = plan.cohorts.find(({ devices }) => devices.includes(device));
  if (cohort === undefined) throw new Error(`the plan has no device ${device}`);
  return cohort;
}

/** An image as it looks in an environment. */
export async function see(image: Image, environment: Environment, seed: number): Promise<Image> {
  if (environment.name === 'clean' || environment.severity === 0) return image;
  return corrupt(image, environment.name, environment.severity, seed);
}

/** Bytes to float32 in [0, 1], as the models take them. */
export function toInput({ data }: Image): Float32Array {
  return Float32Array.from(data, (value) => value / 255);
}

/** The numbers 0 to count - 1 in an order that the seed decides (Fisher-Yates). */
export function shuffled(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = seededRandom(seed);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}
