import sharp from 'sharp';
import type { CellResult } from '../../run/cell.js';
import type { PlannedImages } from '../../run/image-streams.js';
import { environmentName } from '../../streams/stream.js';
import { escapeHtml } from '../svg.js';
import { environmentLabel } from './names.js';

const IN_A_ROW = 8;
const SIDE = 72;

/**
 * The first uploads of a method in each environment, by the reason why they were selected, as HTML with the pictures in
 * it.
 */
export async function uploadedPictures(images: PlannedImages, cells: readonly CellResult[]): Promise<string> {
  const rows: string[] = [];
  for (const cell of cells) {
    for (const reason of [...new Set(cell.uploads.map(([, why]) => why))]) {
      const chosen = cell.uploads.filter(([, why]) => why === reason).slice(0, IN_A_ROW);
      const pictures = await Promise.all(chosen.map(([position]) => picture(images, cell, position)));
      const count = cell.uploads.filter(([, why]) => why === reason).length;
      const environments = cell.environments.map(environmentName);
      const title = environments.length === 1 ? environmentLabel(environments[0] as string) : cell.stream;
      rows.push(
        `<tr><td class="name">${escapeHtml(title)}</td><td class="name">${escapeHtml(reason)}</td><td>${count}</td><td class="pictures">${pictures.join('')}</td></tr>`,
      );
    }
  }
  if (rows.length === 0) return '';
  return `<div class="scroll"><table><thead><tr><th class="name">environment</th><th class="name">why</th><th>uploads</th><th class="left">the first of them</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

async function picture(images: PlannedImages, cell: CellResult, position: number): Promise<string> {
  const environment = cell.environments[cell.environment[position] ?? 0];
  if (environment === undefined) return '';
  const { data, width, height, channels } = await images.image(environment, cell.image[position] as number);
  const small = sharp(data, { raw: { width, height, channels } });
  const png = await (Math.max(width, height) > SIDE ? small.resize({ width: SIDE }) : small).png().toBuffer();
  const said = `image ${position}: predicted ${cell.predicted[position]} with ${Math.round(100 * (cell.confidence[position] ?? 0))}%, label ${cell.label[position]}`;
  return `<img alt="${escapeHtml(said)}" title="${escapeHtml(said)}" src="data:image/png;base64,${png.toString('base64')}">`;
}
