import { formatEnvironment } from '../../format/format.js';
import { escapeHtml } from '../svg.js';

/** Told apart by who sees no red or green too (Okabe and Ito), and on dark paper. */
const COLOURS = [
  '#8b8f94',
  '#e69f00',
  '#56b4e9',
  '#009e73',
  '#cc79a7',
  '#0072b2',
  '#d55e00',
  '#9a8c1c',
  '#7d5ba6',
  '#5f9ea0',
  '#b5651d',
  '#8bc34a',
  '#c2185b',
  '#3f51b5',
  '#f0a3c4',
  '#2e7d6b',
  '#c9b458',
  '#90a4ae',
];

export const colourOf = (index: number): string => COLOURS[index % COLOURS.length] as string;

/** As in 'gaussian noise, severity 5'. */
export const environmentLabel = (name: string): string => formatEnvironment(name).replace(/-(\d)$/, ' $1');

/** The colours of the methods, to be read once for all charts of a section. */
export function legend(methods: readonly string[]): string {
  const entries = methods.map(
    (method, i) => `<span><i style="background:${colourOf(i)}"></i>${escapeHtml(method)}</span>`,
  );
  return `<p class="legend">${entries.join('')}</p>`;
}
