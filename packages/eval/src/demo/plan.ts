import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CorruptionName } from '../corruptions/index.js';

/** One stretch of a stream: what the camera sees, and for how many images of each device. */
export interface Environment {
  readonly name: 'clean' | CorruptionName;
  /** 1 to 5; 0 for clean. */
  readonly severity: 0 | 1 | 2 | 3 | 4 | 5;
  readonly images: number;
}

/** Devices that share a model and see the same environments, each with images of its own. */
export interface CohortPlan {
  readonly name: string;
  readonly devices: readonly string[];
  readonly environments: readonly Environment[];
}

/** Everything that decides what a demonstration run does. */
export interface DemoPlan {
  readonly seed: number;
  readonly quick: boolean;
  readonly cohorts: readonly CohortPlan[];
  /**
   * Images that each device predicts before it uploads what it selected of them, and waits for the version that comes
   * of it. So time is the stream's: the cloud is done with an upload after so many images, however busy the machine is.
   */
  readonly round: number;
  /** Images between two reports of a device. A multiple of `round`. */
  readonly chunk: number;
  /** Accuracy is shown over this many of the latest images. A multiple of `chunk`. */
  readonly window: number;
  /** The first and the last part of an environment that the summary compares, as a share of its images. */
  readonly part: number;
  readonly edgeModel: string;
  readonly foundationModel: string;
  /** Folder with the Fashion-MNIST test images and labels. */
  readonly images: string;
}

const ofModels = (path: string): string => fileURLToPath(import.meta.resolve(`@renorm/models/${path}`));

/** Two cohorts, three devices, two changes of environment. `quick` is the shortened run. */
export function demoPlan({ quick, seed }: { readonly quick: boolean; readonly seed: number }): DemoPlan {
  const [clean, corrupted] = quick ? [200, 500] : [600, 2000];
  const stream = (first: CorruptionName, second: CorruptionName): Environment[] => [
    { name: 'clean', severity: 0, images: clean },
    { name: first, severity: 5, images: corrupted },
    { name: second, severity: 5, images: corrupted },
  ];
  return {
    seed,
    quick,
    cohorts: [
      { name: 'entrance', devices: ['entrance-1', 'entrance-2'], environments: stream('fog', 'contrast') },
      { name: 'workshop', devices: ['workshop-1'], environments: stream('gaussian_noise', 'snow') },
    ],
    round: 5,
    chunk: 25,
    window: quick ? 50 : 200,
    part: 1 / 3,
    edgeModel: ofModels('fashion-edge.onnx'),
    foundationModel: ofModels('fashion-foundation.onnx'),
    images: dirname(ofModels('fashion-mnist/LICENSE')),
  };
}

/** Images that one device sees in the whole run. */
export function imagesPerDevice(cohort: CohortPlan): number {
  return cohort.environments.reduce((sum, { images }) => sum + images, 0);
}
