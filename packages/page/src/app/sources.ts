import type { Shown } from './picture.js';

/** Where pictures come from. */
export interface PictureSource {
  /** @param size of the model's input */
  next(size: Size): Shown;
  close(): void;
}

export interface Size {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

const SIDE = 28;

/** Test images that came with the page, in an order of chance: labels in front, one byte each, then pixels. */
export async function bundledPictures(address: string): Promise<PictureSource> {
  const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
  const count = bytes.length / (SIDE * SIDE + 1);
  return {
    next() {
      const i = Math.floor(Math.random() * count);
      const pixels = bytes.subarray(count + i * SIDE * SIDE, count + (i + 1) * SIDE * SIDE);
      const data = Float32Array.from(pixels, (pixel) => pixel / 255);
      return { label: bytes[i] as number, picture: { width: SIDE, height: SIDE, channels: 1, data } };
    },
    close: () => undefined,
  };
}

/** The middle of what a camera sees. @throws DOMException: there is none, or it is not allowed */
export async function camera(): Promise<PictureSource> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: false });
  const video = document.createElement('video');
  video.srcObject = stream;
  video.muted = true;
  await video.play();
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  return {
    next({ width, height, channels }) {
      Object.assign(canvas, { width, height });
      const scale = Math.max(width / video.videoWidth, height / video.videoHeight);
      const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
      context.drawImage(video, (width - w) / 2, (height - h) / 2, w, h);
      return {
        picture: { width, height, channels, data: valuesOf(context.getImageData(0, 0, width, height), channels) },
      };
    },
    close() {
      for (const track of stream.getTracks()) track.stop();
    },
  };
}

/** Grey as ITU-R 601 has it, or colours. */
function valuesOf({ data }: ImageData, channels: number): Float32Array {
  const at = (pixel: number, c: number): number => data[pixel * 4 + c] as number;
  return Float32Array.from({ length: (data.length / 4) * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    if (channels === 3) return at(pixel, i % 3) / 255;
    return (0.299 * at(pixel, 0) + 0.587 * at(pixel, 1) + 0.114 * at(pixel, 2)) / 255;
  });
}
