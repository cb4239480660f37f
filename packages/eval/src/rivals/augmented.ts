import type { Batch } from '@renorm/cloud/internal';
import type { MethodContext } from '../methods/eval-method.js';

/** Another view of a batch. */
export type Augment = (batch: Batch) => Batch;

/** In degrees, in shares of the side, and as factors: as CoTTA's published code draws them. */
const [TURN, SHIFT, ZOOM, CONTRAST] = [15, 1 / 16, 0.1, 0.3];

/**
 * Views as CoTTA, RMT and ROID make them: turned, shifted, enlarged, mirrored, with another contrast, one draw for all
 * images of a batch. The published transform also changes brightness and colours, blurs a little and adds a little
 * noise; which is left out, for methods see what the model sees, of which neither range nor order of channels is known.
 */
export function augmenting({ models: { sampleShape } }: MethodContext, random: () => number): Augment {
  const [height, width] = sampleShape.slice(-2) as [number, number];
  const within = (reach: number): number => reach * (2 * random() - 1);
  return (batch) => {
    const places = sourcePlaces(width, height, {
      angle: (within(TURN) * Math.PI) / 180,
      shift: [within(SHIFT) * width, within(SHIFT) * height],
      zoom: 1 + within(ZOOM),
      isMirrored: random() < 0.5,
    });
    return { ...batch, data: moved(batch.data, places, 1 + within(CONTRAST)) };
  };
}

interface View {
  readonly angle: number;
  readonly shift: readonly [x: number, y: number];
  readonly zoom: number;
  readonly isMirrored: boolean;
}

/** For each pixel of a view the four pixels that it lies between, and their shares: both [pixels, 4]. */
interface Places {
  readonly pixels: Int32Array;
  readonly shares: Float32Array;
}

function sourcePlaces(width: number, height: number, { angle, shift, zoom, isMirrored }: View): Places {
  const [pixels, shares] = [new Int32Array(4 * width * height), new Float32Array(4 * width * height)];
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [cos, sin] = [Math.cos(angle) / zoom, Math.sin(angle) / zoom];
  const inside = (place: number, size: number): number => Math.min(size - 1, Math.max(0, place));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [(isMirrored ? width - 1 - x : x) - cx - shift[0], y - cy - shift[1]];
      const [sx, sy] = [inside(cx + cos * dx + sin * dy, width), inside(cy - sin * dx + cos * dy, height)];
      const [left, top] = [Math.floor(sx), Math.floor(sy)];
      const [fx, fy] = [sx - left, sy - top];
      const [right, bottom] = [inside(left + 1, width), inside(top + 1, height)];
      const at = 4 * (y * width + x);
      pixels.set([top * width + left, top * width + right, bottom * width + left, bottom * width + right], at);
      shares.set([(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy], at);
    }
  }
  return { pixels, shares };
}

/** Each plane of the data, moved, its distance from its mean scaled. */
function moved(data: Float32Array, { pixels, shares }: Places, contrast: number): Float32Array {
  const out = new Float32Array(data.length);
  const size = pixels.length / 4;
  for (let plane = 0; plane < data.length; plane += size) {
    let sum = 0;
    for (let i = 0; i < size; i++) {
      let value = 0;
      for (let k = 4 * i; k < 4 * i + 4; k++)
        value += (shares[k] as number) * (data[plane + (pixels[k] as number)] as number);
      out[plane + i] = value;
      sum += value;
    }
    const mean = sum / size;
    for (let i = plane; i < plane + size; i++) out[i] = mean + contrast * ((out[i] as number) - mean);
  }
  return out;
}
