import uPlot from 'uplot';

/** Predictions that are shown. */
const SHOWN = 400;
/** Of the mean that is drawn through entropies. */
const MOMENTUM = 0.92;

/** What is drawn of one prediction. */
export interface Point {
  /** Entropy in nats. */
  readonly plain: number;
  readonly adapting: number;
  /** Uploads that are saved. */
  readonly tokens: number;
  /** Entropy of a sample that was uploaded. */
  readonly uploaded?: number;
  /** The least entropy that was uploaded of late for being uncertain. */
  readonly threshold?: number;
}

type Column = (number | null)[];

/** Entropy, threshold and budget over the last predictions. */
export class Plot {
  readonly #chart: uPlot;
  readonly #columns: [number[], Column, Column, Column, Column, Column] = [[], [], [], [], [], []];
  readonly #means = { plain: Number.NaN, adapting: Number.NaN };
  #count = 0;
  #isStale = false;

  constructor(place: HTMLElement) {
    const colour = (name: string) => () => getComputedStyle(place).getPropertyValue(name);
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
    const line = (label: string, name: string, more: Partial<uPlot.Series> = {}): uPlot.Series => ({
      ...{ label, stroke: colour(name), width: 2, points: { show: false } },
      value: (_chart, value) => (value === null ? '–' : value.toFixed(2)),
      ...more,
    });
    const dots = { width: 0, paths: () => null, points: { show: true, size: 5, fill: colour('--upload') } };
    this.#chart = new uPlot(
      {
        ...this.#size(place),
        scales: { x: { time: false }, nats: { range: [0, 2.4] }, budget: { range: [-60, 60] } },
        axes: [
          { ...axis, size: 28 },
          { ...axis, scale: 'nats', size: 40, label: 'entropy (nats)', labelSize: 18 },
          {
            ...axis,
            scale: 'budget',
            side: 1,
            size: 40,
            label: 'budget (samples)',
            labelSize: 18,
            grid: { show: false },
          },
        ],
        series: [
          { label: 'prediction' },
          line('plain', '--plain', { scale: 'nats' }),
          line('adapting', '--adapting', { scale: 'nats' }),
          line('least of late', '--threshold', { scale: 'nats', dash: [4, 4], width: 1 }),
          line('uploaded', '--upload', { scale: 'nats', ...dots }),
          line('budget', '--budget', { scale: 'budget', width: 1 }),
        ],
        legend: { live: false },
        cursor: { show: false },
      },
      this.#columns as uPlot.AlignedData,
      place,
    );
    new ResizeObserver(() => this.#chart.setSize(this.#size(place))).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#chart.redraw());
  }

  add({ plain, adapting, tokens, uploaded, threshold }: Point): void {
    const [x, ...columns] = this.#columns;
    x.push(++this.#count);
    const values = [this.#mean('plain', plain), this.#mean('adapting', adapting), threshold, uploaded, tokens];
    for (const [i, value] of values.entries()) columns[i]?.push(value ?? null);
    if (x.length > SHOWN) for (const column of this.#columns) column.shift();
    this.#isStale = true;
  }

  /** Once for each picture that the screen shows. */
  draw(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#chart.setData(this.#columns as uPlot.AlignedData);
  }

  #mean(which: 'plain' | 'adapting', value: number): number {
    const before = this.#means[which];
    this.#means[which] = Number.isNaN(before) ? value : MOMENTUM * before + (1 - MOMENTUM) * value;
    return this.#means[which];
  }

  #size(place: HTMLElement): { width: number; height: number } {
    return { width: Math.max(240, place.clientWidth), height: place.clientWidth < 500 ? 220 : 280 };
  }
}
