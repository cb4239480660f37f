import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CORRUPTIONS, corrupt, EXTRA_CORRUPTIONS, type Image, readLabelledImages, type Severity } from '@renorm/eval';
import sharp from 'sharp';
import { repositoryPath } from './repository.js';

const TILE = 84;
const GAP = 4;
const LABEL = 130;
const HEAD = 44;
const BETWEEN = 28;
const SEVERITIES: readonly Severity[] = [1, 2, 3, 4, 5];
const COLUMNS = SEVERITIES.length + 1;
const ROWS = [...CORRUPTIONS, ...EXTRA_CORRUPTIONS];

/** A street under a low sun, drawn: we have no photographs to give away. */
async function drawnScene(): Promise<Image> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="84" height="84">
    <defs><linearGradient id="s" x2="0" y2="1"><stop offset="0" stop-color="#3b6ea8"/><stop offset="1" stop-color="#f3b27a"/></linearGradient></defs>
    <rect width="84" height="84" fill="url(#s)"/><circle cx="62" cy="34" r="9" fill="#ffe9a8"/>
    <rect x="6" y="22" width="20" height="40" fill="#7d3b33"/><rect x="28" y="32" width="16" height="30" fill="#4b5a3c"/>
    ${[0, 1, 2].map((i) => [0, 1].map((j) => `<rect x="${9 + 8 * j}" y="${26 + 10 * i}" width="5" height="6" fill="#ffd66b"/>`).join('')).join('')}
    <rect y="60" width="84" height="24" fill="#3d3f45"/><path d="M0 72H84" stroke="#eee" stroke-width="2" stroke-dasharray="9 6"/>
    <rect x="46" y="56" width="28" height="11" rx="3" fill="#c8202f"/><rect x="52" y="50" width="15" height="8" rx="3" fill="#9cc4dd"/>
    <circle cx="53" cy="68" r="4" fill="#111"/><circle cx="68" cy="68" r="4" fill="#111"/></svg>`;
  const { data, info } = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height, channels: 3 };
}

const tile = ({ data, width, height, channels }: Image): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels } })
    .resize(TILE, TILE, { kernel: 'nearest' })
    .toColourspace('srgb')
    .png()
    .toBuffer();

const text = (x: number, y: number, words: string, anchor = 'start', size = 14): string =>
  `<text x="${x}" y="${y}" font-family="DejaVu Sans, Arial, sans-serif" font-size="${size}" fill="#222" text-anchor="${anchor}">${words}</text>`;

/**
 * Draws docs/corruptions.png: every corruption at every severity, on a grey image of 28x28 pixels and on a colour one
 * of 84x84.
 */
async function drawContactSheet(path: string): Promise<void> {
  const grey = (await readLabelledImages(repositoryPath('models/fashion-mnist'))).image(0);
  const pictures = [grey, await drawnScene()];
  const block = COLUMNS * (TILE + GAP);
  const width = LABEL + 2 * block + BETWEEN;
  const height = HEAD + ROWS.length * (TILE + GAP) + GAP;
  const left = (picture: number, column: number): number => LABEL + picture * (block + BETWEEN) + column * (TILE + GAP);
  const layers: sharp.OverlayOptions[] = [];
  const words: string[] = [];
  for (const [p, picture] of pictures.entries()) {
    words.push(text(left(p, 0), 16, p === 0 ? 'Fashion-MNIST, 28 x 28' : 'drawn scene, 84 x 84'));
    for (let c = 0; c < COLUMNS; c++)
      words.push(text(left(p, c) + TILE / 2, 36, c === 0 ? 'clean' : String(c), 'middle', 12));
    for (const [r, name] of ROWS.entries()) {
      const top = HEAD + r * (TILE + GAP);
      if (p === 0) words.push(text(LABEL - 10, top + TILE / 2 + 4, name.replace('_', ' '), 'end', 13));
      const seen = [picture, ...(await Promise.all(SEVERITIES.map((severity) => corrupt(picture, name, severity, 1))))];
      for (const [c, image] of seen.entries()) layers.push({ input: await tile(image), left: left(p, c), top });
    }
  }
  const labels = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${words.join('')}</svg>`,
  );
  await mkdir(dirname(path), { recursive: true });
  await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite([...layers, { input: labels, left: 0, top: 0 }])
    .png({ palette: true, quality: 90 })
    .toFile(path);
}

await drawContactSheet(repositoryPath('docs/corruptions.png'));
