import type { WebDevice } from '@renorm/edge/web';
import { ColumnView } from './column.js';
import { frameOf, openAdapting, openPlain, type Purse } from './devices.js';
import { Journal } from './journal.js';
import { Plot } from './plot.js';
import { readSetup, type Setup } from './setup.js';
import { bundledPictures, camera, type PictureSource } from './sources.js';
import { CLEAR, through, type Weather } from './weather.js';

const element = <Kind extends HTMLElement = HTMLElement>(id: string): Kind => document.getElementById(id) as Kind;
const input = (id: string): HTMLInputElement => element<HTMLInputElement>(id);
/** Uploads of which the least entropy is drawn as the threshold. */
const THRESHOLD_OF = 8;

/** Runs the page. */
class Demonstration {
  readonly #setup: Setup;
  readonly #plain: WebDevice;
  #adapting: WebDevice;
  #source: PictureSource;
  readonly #purse: Purse;
  readonly #plot = new Plot(element('plot'));
  readonly #columns = { plain: new ColumnView(element('plain')), adapting: new ColumnView(element('adapting')) };
  readonly #journal = new Journal(
    element('uploads'),
    element<HTMLTableSectionElement>('versions'),
    element('announcement'),
  );
  #uncertain: number[] = [];
  #isRunning = true;
  #isReopening = false;
  #bytesSeen = 0;
  #decided: { readonly keep: boolean; readonly reason: string; readonly entropy: number } | undefined;

  constructor(setup: Setup, plain: WebDevice, adapting: WebDevice, purse: Purse, source: PictureSource) {
    this.#setup = setup;
    this.#plain = plain;
    this.#adapting = adapting;
    this.#purse = purse;
    this.#source = source;
    this.#listen();
    this.#controls();
  }

  async run(): Promise<void> {
    const [channels = 1, height = 28, width = 28] = this.#plain.model.shape;
    for (;;) {
      const pause = 1_000 / Number(input('rate').value);
      const began = performance.now();
      if (this.#isRunning && !this.#isReopening) await this.#predict(this.#source.next({ channels, height, width }));
      await new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, pause - (performance.now() - began))));
    }
  }

  async #predict({ picture, label }: ReturnType<PictureSource['next']>): Promise<void> {
    const seen = through(picture, weather());
    const frame = frameOf(seen);
    this.#decided = undefined;
    const [plain, adapting] = await Promise.all([this.#plain.infer(frame), this.#adapting.infer(frame)]);
    // What becomes of a sample is decided behind its prediction.
    await new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));
    const decided = this.#decided as { keep: boolean; reason: string; entropy: number } | undefined;
    if (decided?.keep === true) {
      this.#journal.uploaded(seen, decided.reason, decided.entropy);
      if (decided.reason === 'uncertain') this.#uncertain = [...this.#uncertain, decided.entropy].slice(-THRESHOLD_OF);
    }
    this.#columns.plain.show(seen, plain, label);
    this.#columns.adapting.show(seen, adapting, label);
    this.#plot.add({
      ...{ plain: plain.entropy, adapting: adapting.entropy, tokens: this.#purse.tokens },
      ...(decided?.keep === true && { uploaded: decided.entropy }),
      ...(this.#uncertain.length > 0 && { threshold: Math.min(...this.#uncertain) }),
    });
    this.#plot.draw();
    this.#showCounts();
  }

  #showCounts(): void {
    this.#columns.plain.showAccuracy();
    this.#columns.adapting.showAccuracy();
    const { connected, predictions, uploaded, pending, bytesUp, bytesDown } = this.#adapting.status();
    const state = element('state');
    state.textContent = connected ? 'connected' : 'no cloud: predicting all the same';
    state.dataset.connected = String(connected);
    const share = predictions === 0 ? 0 : (100 * (uploaded + pending)) / predictions;
    element('sent').textContent =
      `${uploaded.toLocaleString()} of ${predictions.toLocaleString()} (${share.toFixed(0)} %)`;
    element('up').textContent = kilobytes(bytesUp);
    element('down').textContent = kilobytes(bytesDown);
  }

  #listen(): void {
    this.#bytesSeen = 0;
    this.#adapting.on('decision', (decision) => (this.#decided = decision));
    this.#adapting.on('version', ({ number }) => {
      // Answers to uploads are among them: a few bytes each.
      const { bytesDown, uploaded } = this.#adapting.status();
      this.#journal.version(number, bytesDown - this.#bytesSeen, uploaded);
      this.#bytesSeen = bytesDown;
    });
    this.#adapting.on('error', ({ code }) => (element('announcement').textContent = `The device says ${code}.`));
  }

  #controls(): void {
    input('private').addEventListener('change', () => {
      const { checked } = input('private');
      input('private').ariaChecked = String(checked);
      void this.#reopen(checked);
    });
    element('pause').addEventListener('click', () => {
      this.#isRunning = !this.#isRunning;
      element('pause').textContent = this.#isRunning ? 'Pause' : 'Go on';
    });
    element('clear').addEventListener('click', () => {
      for (const name of Object.keys(CLEAR)) setSlider(name, 0);
    });
    for (const id of ['source-images', 'source-camera'])
      input(id).addEventListener('change', () => void this.#look(input('source-camera').checked));
  }

  async #reopen(sketches: boolean): Promise<void> {
    element('private-note').hidden = !sketches;
    this.#isReopening = true;
    // One device at a time has the state.
    await this.#adapting.close();
    this.#adapting = await openAdapting(this.#setup, sketches, this.#purse);
    this.#listen();
    this.#isReopening = false;
  }

  async #look(atCamera: boolean): Promise<void> {
    try {
      const next = atCamera ? await camera() : await bundledPictures('/pictures.bin');
      this.#source.close();
      this.#source = next;
      for (const column of Object.values(this.#columns)) column.forget();
    } catch {
      input('source-images').checked = true;
      element('announcement').textContent = 'There is no camera, or the page may not see it.';
    }
  }
}

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} kB`;

function weather(): Weather {
  const at = (name: string): number => Number(input(name).value) / 100;
  return { fog: at('fog'), noise: at('noise'), blur: at('blur'), contrast: at('contrast') };
}

function setSlider(name: string, value: number): void {
  const slider = input(name);
  slider.value = String(value);
  slider.dispatchEvent(new Event('input'));
}

async function start(): Promise<void> {
  for (const slider of document.querySelectorAll<HTMLInputElement>('input[type=range]'))
    slider.addEventListener('input', () => {
      (slider.nextElementSibling as HTMLOutputElement).value = slider.value;
    });
  await navigator.serviceWorker?.register('/sw.js').catch(() => undefined);
  const setup = await readSetup();
  const purse: Purse = { tokens: 0 };
  const [plain, adapting] = await Promise.all([openPlain(setup), openAdapting(setup, false, purse)]);
  if (!setup.pictures) input('source-camera').checked = true;
  const source = setup.pictures ? await bundledPictures('/pictures.bin') : await camera();
  document.body.dataset.ready = 'true';
  await new Demonstration(setup, plain, adapting, purse, source).run();
}

start().catch((error: unknown) => {
  element('announcement').textContent =
    `The page cannot go on: ${error instanceof Error ? error.message : String(error)}`;
  element('announcement').classList.remove('unseen');
});
