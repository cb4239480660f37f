import { draw, type Picture } from './picture.js';

/** Entries that are kept on the page. */
const UPLOADS = 18;
const VERSIONS = 12;

const REASONS: Readonly<Record<string, string>> = {
  burst: 'new surroundings',
  random: 'drawn at random',
  uncertain: 'least sure',
};

/** What was uploaded and why, and which versions came of it. */
export class Journal {
  readonly #uploads: HTMLElement;
  readonly #versions: HTMLTableSectionElement;
  readonly #announcement: HTMLElement;

  constructor(uploads: HTMLElement, versions: HTMLTableSectionElement, announcement: HTMLElement) {
    this.#uploads = uploads;
    this.#versions = versions;
    this.#announcement = announcement;
  }

  uploaded(picture: Picture, reason: string, entropy: number): void {
    const canvas = document.createElement('canvas');
    canvas.setAttribute('aria-hidden', 'true');
    draw(picture, canvas);
    const why = document.createElement('span');
    why.textContent = REASONS[reason] ?? reason;
    const nats = document.createElement('small');
    nats.textContent = `${entropy.toFixed(2)} nats`;
    const entry = document.createElement('li');
    entry.dataset.reason = reason;
    entry.append(canvas, why, nats);
    this.#add(this.#uploads, entry, UPLOADS);
  }

  /** @param bytes that came since the version before */
  version(number: number, bytes: number, uploaded: number): void {
    const row = document.createElement('tr');
    const cells = [
      String(number),
      new Date().toLocaleTimeString(),
      bytes === 0 ? 'with the one before' : `${bytes.toLocaleString()} B`,
      String(uploaded),
    ];
    row.append(
      ...cells.map((text, i) => {
        const cell = document.createElement(i === 0 ? 'th' : 'td');
        if (i === 0) cell.scope = 'row';
        cell.textContent = text;
        return cell;
      }),
    );
    this.#add(this.#versions, row, VERSIONS);
    this.#announcement.textContent = `Version ${number} came: ${bytes} bytes.`;
  }

  #add(list: HTMLElement, entry: HTMLElement, most: number): void {
    list.querySelector('[data-none]')?.remove();
    list.prepend(entry);
    while (list.children.length > most) list.lastElementChild?.remove();
  }
}
