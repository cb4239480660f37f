import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RenormError } from '@renorm/protocol';
import { extract, type Header } from 'tar-stream';
import { AS_IT_IS, type ClassesOfModel, checkLabels, type DataSet, IMAGE_NAME } from './data-set.js';
import { decodeNamed } from './image-folder.js';
import { damaged } from './npy.js';

/** A sample of a shard: its image where it stands, and its label. */
interface Entry {
  readonly name: string;
  image?: { readonly shard: string; readonly at: number; readonly length: number } | { readonly bytes: Uint8Array };
  label?: number;
}

/** tar-stream says where an entry's data begin; its types do not. */
type Placed = Header & { readonly byteOffset: number };

/**
 * Shards of a WebDataset: tar archives whose files of one sample share a name up to the first dot; `jpg`, `png` or
 * `webp` is the image, `cls`, or `label` in a `json`, its class. Images of plain archives are read from where they
 * stand; compressed archives are held in memory.
 *
 * @throws RenormError IMAGE_UNREADABLE, REQUEST_INVALID: no image
 */
export async function openWebDataset(shards: readonly string[], { classes }: ClassesOfModel): Promise<DataSet> {
  const entries = (await Promise.all(shards.map(readShard))).flat();
  const withImage = entries.filter(({ image }) => image !== undefined);
  const labels = withImage.flatMap(({ label }) => (label === undefined ? [] : [label]));
  if (withImage.length === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      `--data: ${shards.join(', ')}: there is no JPEG, PNG or WebP image in it; name shards with KEY.jpg and KEY.cls.`,
    );
  const isLabelled = labels.length > 0;
  const used = isLabelled ? withImage.filter(({ label }) => label !== undefined) : withImage;
  checkLabels(labels, classes, shards.map((shard) => basename(shard)).join(', '));
  const without = withImage.length - used.length;
  return {
    layout: 'WebDataset',
    environments: [AS_IT_IS],
    isLabelled,
    notes: without > 0 ? [`${without} images without a label were passed over.`] : [],
    open: async () => ({
      count: used.length,
      label: (index) => used[index]?.label,
      image: async (index) => {
        const { name, image } = used[index] as Required<Entry>;
        return decodeNamed('bytes' in image ? image.bytes : await bytesAt(image), name);
      },
    }),
  };
}

async function bytesAt({
  shard,
  at,
  length,
}: {
  readonly shard: string;
  readonly at: number;
  readonly length: number;
}): Promise<Uint8Array> {
  const file = await open(shard);
  try {
    const bytes = new Uint8Array(length);
    await file.read(bytes, 0, length, at);
    return bytes;
  } finally {
    await file.close();
  }
}

async function readShard(shard: string): Promise<Entry[]> {
  const isPacked = /gz$/.test(shard);
  const entries = new Map<string, Entry>();
  const tar = extract();
  const reading = (async () => {
    for await (const file of tar) {
      const { name, size, type, byteOffset } = file.header as Placed;
      const [, key = name, extension = ''] = /^((?:.*\/)?[^./]+)\.(.+)$/.exec(name) ?? [];
      const entry = entries.get(key) ?? { name: `${shard}/${key}` };
      if (type === 'file') entries.set(key, entry);
      const isImage = type === 'file' && IMAGE_NAME.test(`.${extension}`);
      const isLabel = type === 'file' && /^(cls|label|json)$/i.test(extension);
      const chunks: Uint8Array[] = [];
      for await (const chunk of file) if (isLabel || (isImage && isPacked)) chunks.push(chunk as Uint8Array);
      if (isImage)
        entry.image = isPacked ? { bytes: Buffer.concat(chunks) } : { shard, at: byteOffset, length: size ?? 0 };
      const label = isLabel
        ? labelIn(Buffer.concat(chunks).toString('utf8'), extension, `${shard}/${name}`)
        : undefined;
      if (label !== undefined) entry.label = label;
    }
  })();
  try {
    const packed = createReadStream(shard);
    await Promise.all([isPacked ? pipeline(packed, createGunzip(), tar) : pipeline(packed, tar), reading]);
  } catch (cause) {
    if (cause instanceof RenormError) throw cause;
    throw damaged(shard, cause);
  }
  return [...entries.values()];
}

/** @returns undefined: a JSON that names no class */
function labelIn(text: string, extension: string, name: string): number | undefined {
  if (!/json/i.test(extension)) {
    if (!/^\s*\d+\s*$/.test(text)) throw damaged(name, 'it is not the number of a class');
    return Number(text);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(name, cause);
  }
  const { label, cls } = (typeof value === 'object' && value !== null ? value : {}) as {
    label?: unknown;
    cls?: unknown;
  };
  const found = label ?? cls;
  return typeof found === 'number' ? found : undefined;
}
