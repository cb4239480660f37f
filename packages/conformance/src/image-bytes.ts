import { create, Filter, Fit, type PreprocessingMessage, PreprocessingSchema, SampleEncoding } from '@renorm/protocol';
import { zlibSync } from 'fflate';
import type { PlainSample } from './sample-bytes.js';

// Images as files: the same 24 x 16 pixels three times, and one PNG made by hand.

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

export const IMAGES = {
  JPEG: bytes(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wAARCAAQABgDASIAAhEBAxEB/8QAFwAAAwEAAAAAAAAAAAAAAAAAAAQFBv/EABcQAAMBAAAAAAAAAAAAAAAAAAADBGH/xAAWAQEBAQAAAAAAAAAAAAAAAAADAgX/xAAZEQACAwEAAAAAAAAAAAAAAAAAAgEDBCH/2gAMAwEAAhEDEQA/AM8qPBxUeFNUeDao8JVwaNZNVHgF5UeAPDmumvh//9k=',
  ),
  WebP: bytes(
    'UklGRlwAAABXRUJQVlA4IFAAAACwAwCdASoYABAAPu1orU2ppqSiMAgBMB2JbACsLwAB0Su+LBDjgAD+8RD9H8fEeNB1zTO9FR4vcPfGkCP/5Sj3o/hGqWucCZHTVxCdKbgAAA==',
  ),
  PNG: bytes(
    'iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAIAAACDRijCAAAAIklEQVR42mNkYGDgYmCjHLEw8LMxMFABjRo0atCoQSPVIADu4Ar/gzfPvgAAAABJRU5ErkJggg==',
  ),
} as const;

const STRETCH = { fit: Fit.STRETCH, filter: Filter.BILINEAR };

/** A sample that is an image. */
export function image(
  shape: readonly number[],
  data: Uint8Array,
  preprocessing: Partial<Omit<PreprocessingMessage, '$typeName'>> = STRETCH,
): PlainSample {
  return {
    ...{ shape: [...shape], encoding: SampleEncoding.IMAGE, data },
    preprocessing: create(PreprocessingSchema, preprocessing),
  };
}

/** A PNG of grey pixels, all 0, however many: 1 to a thousand bytes once they are compressed. */
export function blackPng(width: number, height: number, bitDepth = 8): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = bitDepth;
  const rows = zlibSync(new Uint8Array((1 + (width * bitDepth) / 8) * height), { level: 9 });
  return Uint8Array.of(
    ...IMAGES.PNG.subarray(0, 8),
    ...chunk('IHDR', header),
    ...chunk('IDAT', rows),
    ...chunk('IEND'),
  );
}

function chunk(type: string, data = new Uint8Array()): Uint8Array {
  const body = Uint8Array.of(...new TextEncoder().encode(type), ...data);
  const framed = new Uint8Array(body.length + 8);
  const view = new DataView(framed.buffer);
  view.setUint32(0, data.length);
  framed.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  return framed;
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
