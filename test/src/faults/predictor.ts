import { setTimeout as sleep } from 'node:timers/promises';
import { type Device, openDevice } from '@renorm/edge/node';
import { repositoryPath } from '../support/cloud-process.js';

const PIXELS = 28 * 28;

/** A device that predicts without end while faults happen around it. */
export class Predictor {
  #missed = 0;
  #made = 0;
  #closed = false;
  readonly #loop: Promise<void>;

  private constructor(readonly device: Device) {
    device.on('error', () => undefined);
    this.#loop = this.#predict();
  }

  static async open(cloud: string): Promise<Predictor> {
    return new Predictor(
      await openDevice({
        ...{
          model: repositoryPath('models/fashion-edge.onnx'),
          cloud,
          cohort: 'predicting',
          id: 'predictor',
          threads: 1,
        },
      }),
    );
  }

  /** @returns predictions that did not come, and those that did */
  async close(): Promise<{ missed: number; made: number }> {
    this.#closed = true;
    await this.#loop;
    await this.device.close();
    return { missed: this.#missed, made: this.#made };
  }

  async #predict(): Promise<void> {
    for (let i = 0; !this.#closed; i++) {
      try {
        const { label } = await this.device.infer(
          Float32Array.from({ length: PIXELS }, (_, k) => ((k * (i + 3)) % 256) / 255),
        );
        if (Number.isInteger(label)) this.#made += 1;
        else this.#missed += 1;
      } catch {
        this.#missed += 1;
      }
      await sleep(20);
    }
  }
}
