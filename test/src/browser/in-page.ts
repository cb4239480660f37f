import { type OpenDeviceOptions, openDevice, type WebDevice } from '@renorm/edge/web';
import { imagePixels } from '@renorm/image';
import {
  applyVersion,
  digestBytes,
  exportedVersion,
  fromBinary,
  normalizePixels,
  type Preprocessing,
  seededRandom,
  toHex,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';

// What the page of the tests can do. What goes in and out is JSON.

/** A picture of noise, the same for a seed in every place: RGB. */
export function noise(width: number, height: number, seed: number) {
  const random = seededRandom(seed);
  return { width, height, channels: 3, data: Uint8Array.from({ length: width * height * 3 }, () => random() * 256) };
}

/** Pictures of odd sizes through every fit and filter: a digest of the tensor that each becomes. */
export function tensorDigests(count: number): string[] {
  const fits: Preprocessing[] = [
    { fit: 'stretch' },
    { fit: 'stretch', filter: 'bicubic' },
    { fit: 'crop', shorterSide: 40, mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] },
    { fit: 'crop', shorterSide: 33, filter: 'bicubic' },
  ];
  return Array.from({ length: count }, (_, i) => {
    const how = fits[i % fits.length] as Preprocessing;
    const pixels = imagePixels(noise(17 + ((i * 13) % 90), 19 + ((i * 29) % 70), i), how, [3, 32, 32]);
    return toHex(digestBytes(new Uint8Array(normalizePixels(pixels, how).buffer)));
  });
}

/** The digests of the versions that deltas lead to, one after the other. */
export function deltaDigests(exported: readonly (readonly number[])[], deltas: readonly string[]): string[] {
  const parameters = new Map(exported.map((values, i) => [`layer${i}/gamma`, Float32Array.from(values)]));
  let held: VersionState = exportedVersion(parameters);
  return deltas.map((hex) => {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
    held = applyVersion(held, fromBinary(VersionSchema, bytes));
    return toHex(held.digest);
  });
}

/** The ways in which a page may hold a picture. */
const FORMS = {
  pixels: async (image: ImageData) => ({ data: image.data, width: image.width, height: image.height }),
  'image data': async (image: ImageData) => image,
  canvas: async (image: ImageData) => drawn(image),
  bitmap: (image: ImageData) => createImageBitmap(image),
  'video frame': async (image: ImageData) => new VideoFrame(drawn(image), { timestamp: 0 }),
  file: (image: ImageData) => drawn(image).convertToBlob({ type: 'image/png' }),
  address: async (image: ImageData) => URL.createObjectURL(await drawn(image).convertToBlob({ type: 'image/png' })),
} as const;

function drawn(image: ImageData): OffscreenCanvas {
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

function opaque({ width, height, data }: ReturnType<typeof noise>): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    image.data.set(data.subarray(i * 3, i * 3 + 3), i * 4);
    image.data[i * 4 + 3] = 255;
  }
  return image;
}

let device: WebDevice | undefined;
const errors: string[] = [];

export const page = {
  tensorDigests,
  deltaDigests,

  async open(options: Omit<OpenDeviceOptions, 'trust'> & { readonly trust?: readonly number[] }): Promise<void> {
    const { trust, ...others } = options;
    errors.length = 0;
    device = await openDevice({ ...others, ...(trust !== undefined && { trust: Uint8Array.from(trust) }) });
    device.on('error', ({ code }) => errors.push(code));
  },

  /** The same picture in every form: what the model makes of each. */
  async inferAll(seed: number): Promise<Record<string, number[]>> {
    const image = opaque(noise(40, 30, seed));
    const results: Record<string, number[]> = {};
    for (const [name, form] of Object.entries(FORMS))
      results[name] = [...((await device?.infer(await form(image)))?.probabilities ?? [])];
    return results;
  },

  /** Predicts pictures of noise and uploads what was selected. @returns how many still wait */
  async teach(count: number, seed: number): Promise<number> {
    for (let i = 0; i < count; i++) await device?.infer(noise(28, 28, seed + i));
    return (await device?.flush(20_000)) ?? -1;
  },

  status: () => ({ ...device?.status(), errors: [...errors] }),

  async close(): Promise<void> {
    await device?.close();
  },
};

if (typeof document !== 'undefined') Object.assign(globalThis, { page });
