import { RenormError, reasonOf } from '@renorm/protocol';
import type { FrameInput, SampleInput } from '../core/sample-input.js';
import { isSource, readSource, type Source } from './read-source.js';

/** What a browser draws: its pixels, without transparency, become the sample. */
export type Drawable =
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | HTMLVideoElement
  | HTMLImageElement
  | VideoFrame;

/**
 * One sample: its values, an image file (bytes in `{ image }`, a `Blob`, where it is), pixels (`ImageData`, or what a
 * camera gives), or anything that a canvas can draw.
 */
export type WebSampleInput = SampleInput | Drawable | Blob | URL | string;

/** The sample that a device in any place takes. @throws RenormError SAMPLE_INVALID, IMAGE_UNREADABLE */
export function sampleOf(input: WebSampleInput): SampleInput | Promise<SampleInput> {
  if (input instanceof Float32Array) return input;
  if (isSource(input) && !(input instanceof Uint8Array)) return fileOf(input);
  const size = sizeOf(input as Drawable);
  return size === undefined ? (input as SampleInput) : frameOf(input as Drawable, size);
}

async function fileOf(source: Source): Promise<SampleInput> {
  return { image: await readSource(source, 'the image', 'IMAGE_UNREADABLE') };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of its own pixels, not of the place that it takes on a page; undefined for what is not drawn. */
function sizeOf(input: Drawable): Size | undefined {
  if (isA('HTMLVideoElement', input)) return { width: input.videoWidth, height: input.videoHeight };
  if (isA('HTMLImageElement', input)) return { width: input.naturalWidth, height: input.naturalHeight };
  if (isA('VideoFrame', input)) return { width: input.displayWidth, height: input.displayHeight };
  for (const name of ['HTMLCanvasElement', 'OffscreenCanvas', 'ImageBitmap'] as const)
    if (isA(name, input)) return { width: input.width, height: input.height };
  return undefined;
}

interface Drawables {
  readonly HTMLVideoElement: HTMLVideoElement;
  readonly HTMLImageElement: HTMLImageElement;
  readonly VideoFrame: VideoFrame;
  readonly HTMLCanvasElement: HTMLCanvasElement;
  readonly OffscreenCanvas: OffscreenCanvas;
  readonly ImageBitmap: ImageBitmap;
}

/** A worker has no elements, and not every browser video frames. */
function isA<Name extends keyof Drawables>(name: Name, value: unknown): value is Drawables[Name] {
  const type = (globalThis as unknown as Partial<Record<Name, new () => Drawables[Name]>>)[name];
  return type !== undefined && value instanceof type;
}

function frameOf(input: Drawable, { width, height }: Size): FrameInput {
  try {
    return contextOf(input, width, height).getImageData(0, 0, width, height);
  } catch (cause) {
    const text = `the pixels of the sample cannot be read (${reasonOf(cause)}); give something that has loaded, of this origin or served with CORS.`;
    throw new RenormError('SAMPLE_INVALID', text, { cause });
  }
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

function contextOf(input: Drawable, width: number, height: number): Context {
  // What was drawn on a canvas comes out of it as it is; drawn onto another it would be rounded where it is
  // transparent.
  const own = isA('HTMLCanvasElement', input) || isA('OffscreenCanvas', input) ? input.getContext('2d') : null;
  if (own !== null) return own as Context;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('this browser has no canvas to draw on');
  context.drawImage(input, 0, 0, width, height);
  return context;
}
