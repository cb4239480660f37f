import { mirror } from './border.js';
import { convolve, gaussianWeights, type Kernel } from './filter.js';

/**
 * A disk of a radius, its edge softened by a Gaussian of `aliasBlur` pixels, as ImageNet-C's `disk` makes it. Drawn on
 * at least 17x17 pixels.
 */
export function diskKernel(radius: number, aliasBlur: number): Kernel {
  const reach = radius <= 8 ? 8 : Math.ceil(radius);
  const size = 2 * reach + 1;
  const disk = Float64Array.from({ length: size * size }, (_, i) => {
    const [dx, dy] = [(i % size) - reach, Math.floor(i / size) - reach];
    return dx * dx + dy * dy <= radius * radius ? 1 : 0;
  });
  const sum = disk.reduce((total, value) => total + value, 0);
  const normalised = { data: disk.map((value) => value / sum), width: size, height: size, channels: 1 };
  return { size, weights: convolve(normalised, softening(aliasBlur, radius <= 8 ? 1 : 2), mirror).data };
}

function softening(sigma: number, reach: number): Kernel {
  const row = gaussianWeights(sigma, reach);
  const size = row.length;
  const weight = (i: number): number => (row[i % size] as number) * (row[Math.floor(i / size)] as number);
  return { size, weights: Float64Array.from({ length: size * size }, (_, i) => weight(i)) };
}

/**
 * The trace of a point that moves: a half Gaussian along a direction, one tap a step, as ImageMagick's MotionBlurImage
 * has it.
 *
 * @param radius of the trace in pixels: 2 ceil(radius) + 1 steps
 * @param angle in degrees
 */
export function motionKernel(radius: number, sigma: number, angle: number): Kernel {
  const steps = 2 * Math.ceil(radius) + 1;
  const size = 2 * steps + 1;
  const weights = new Float64Array(size * size);
  const [dx, dy] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const trace = Array.from({ length: steps }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const sum = trace.reduce((total, value) => total + value, 0);
  const nearest = (place: number): number => Math.ceil(place - 0.5);
  for (const [i, weight] of trace.entries()) {
    const at = (steps + nearest(i * dy)) * size + steps + nearest(i * dx);
    weights[at] = (weights[at] as number) + weight / sum;
  }
  return { weights, size };
}
