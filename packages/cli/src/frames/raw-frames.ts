import type { FrameInput } from '@renorm/edge/node';
import { InvalidArgumentError } from 'commander';

/** How the frames of a pipe are laid out. */
export interface RawFormat {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Whether blue comes first. */
  readonly isBlueFirst: boolean;
}

/** Names of ffmpeg (`-pix_fmt`) and of GStreamer (`video/x-raw, format=`): 8 bits a value, pixel by pixel. */
const FORMATS: Readonly<Record<string, Pick<RawFormat, 'channels' | 'isBlueFirst'>>> = {
  gray: { channels: 1, isBlueFirst: false },
  gray8: { channels: 1, isBlueFirst: false },
  rgb24: { channels: 3, isBlueFirst: false },
  rgb: { channels: 3, isBlueFirst: false },
  bgr24: { channels: 3, isBlueFirst: true },
  bgr: { channels: 3, isBlueFirst: true },
  rgba: { channels: 4, isBlueFirst: false },
  bgra: { channels: 4, isBlueFirst: true },
};

/** What `--raw` says: `640x480:rgb24`. @throws InvalidArgumentError, which commander prints with the option's name */
export function parseRawFormat(text: string): RawFormat {
  const [, width, height, name = 'rgb24'] = /^(\d{1,5})x(\d{1,5})(?::(\w+))?$/.exec(text) ?? [];
  const format = Object.hasOwn(FORMATS, name.toLowerCase()) ? FORMATS[name.toLowerCase()] : undefined;
  if (Number(width) >= 1 && Number(height) >= 1 && format !== undefined)
    return { width: Number(width), height: Number(height), ...format };
  const names = Object.keys(FORMATS).join(', ');
  throw new InvalidArgumentError(`It takes WIDTHxHEIGHT:FORMAT, as in 640x480:rgb24, with one of ${names}.`);
}

/** Cuts a stream of bytes into frames. */
export class RawSplitter {
  readonly #format: RawFormat;
  #frame: Uint8Array;
  #filled = 0;

  constructor(format: RawFormat) {
    this.#format = format;
    this.#frame = new Uint8Array(format.width * format.height * format.channels);
  }

  /** Bytes of a frame that is not whole. */
  get rest(): number {
    return this.#filled;
  }

  /** Takes the next bytes. @returns the frames that are whole now */
  push(chunk: Uint8Array): FrameInput[] {
    const frames: FrameInput[] = [];
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + this.#frame.length - this.#filled);
      this.#frame.set(part, this.#filled);
      at += part.length;
      this.#filled += part.length;
      if (this.#filled < this.#frame.length) break;
      frames.push(this.#take());
    }
    return frames;
  }

  #take(): FrameInput {
    const { width, height, channels, isBlueFirst } = this.#format;
    const data = this.#frame;
    if (isBlueFirst)
      for (let i = 0; i < data.length; i += channels)
        [data[i], data[i + 2]] = [data[i + 2] as number, data[i] as number];
    this.#frame = new Uint8Array(data.length);
    this.#filled = 0;
    return { data, width, height, channels };
  }
}
