import type { Prediction } from '@renorm/edge/web';
import { draw, type Picture } from './picture.js';

/** Of how many predictions the share of right ones is meant. */
const RECENT = 100;
const BARS = 3;

/** One of the two models as the page shows it. */
export class ColumnView {
  readonly #root: HTMLElement;
  readonly #right: boolean[] = [];

  /** @param root with elements marked by `data-part` */
  constructor(root: HTMLElement) {
    this.#root = root;
    this.#part('bars').replaceChildren(...Array.from({ length: BARS }, () => bar()));
  }

  /** Shows a prediction. @param label what is to be seen, where that is known */
  show(picture: Picture, prediction: Prediction, label: number | undefined): void {
    draw(picture, this.#part('picture') as HTMLCanvasElement);
    const { top, version } = prediction;
    const right = label === undefined ? undefined : prediction.label === label;
    this.#part('name').textContent = nameOf(top[0]);
    this.#part('name').dataset.right = String(right ?? '');
    this.#part('mark').textContent = right === undefined ? '' : right ? '✓' : '✗';
    this.#part('version').textContent = version === 0 ? 'as exported' : `version ${version}`;
    [...this.#part('bars').children].forEach((element, i) => {
      const ranked = top[i];
      const [name, meter] = element.children as unknown as [HTMLElement, HTMLElement];
      name.textContent = nameOf(ranked);
      meter.style.setProperty('--share', String(ranked?.probability ?? 0));
    });
    if (right === undefined) return;
    this.#right.push(right);
    if (this.#right.length > RECENT) this.#right.shift();
  }

  /** Share of right predictions of late; undefined before any. */
  get accuracy(): number | undefined {
    return this.#right.length === 0 ? undefined : this.#right.filter(Boolean).length / this.#right.length;
  }

  showAccuracy(): void {
    const { accuracy } = this;
    this.#part('accuracy').textContent = accuracy === undefined ? '–' : `${Math.round(100 * accuracy)} %`;
  }

  forget(): void {
    this.#right.length = 0;
  }

  #part(name: string): HTMLElement {
    return this.#root.querySelector(`[data-part="${name}"]`) as HTMLElement;
  }
}

const nameOf = (ranked: Prediction['top'][number] | undefined): string =>
  ranked === undefined ? '' : (ranked.name ?? `class ${ranked.label}`);

function bar(): HTMLElement {
  const row = document.createElement('li');
  const [name, meter] = [document.createElement('span'), document.createElement('span')];
  meter.className = 'meter';
  row.append(name, meter);
  return row;
}
