import type { Picture } from './picture.js';

/** How strong each is, 0 to 1. */
export interface Weather {
  readonly fog: number;
  readonly noise: number;
  readonly blur: number;
  readonly contrast: number;
}

export const CLEAR: Weather = { fog: 0, noise: 0, blur: 0, contrast: 0 };

/**
 * What stands between the camera and what it looks at: blurred by the lens, hidden in fog, faded, and grainy at last.
 */
export function through(picture: Picture, { fog, noise, blur, contrast }: Weather): Picture {
  let seen = picture;
  if (blur > 0) seen = blurred(seen, blur);
  if (fog > 0) seen = inFog(seen, fog);
  if (contrast > 0) seen = faded(seen, contrast);
  return noise > 0 ? grainy(seen, noise) : seen;
}

const mapped = (picture: Picture, change: (value: number, i: number) => number): Picture => ({
  ...picture,
  data: picture.data.map((value, i) => Math.max(0, Math.min(1, change(value, i)))),
});

/** A box, twice, which is near a Gaussian. */
function blurred(picture: Picture, amount: number): Picture {
  const radius = (amount * Math.min(picture.width, picture.height)) / 12;
  return boxed(boxed(picture, radius), radius);
}

function boxed(picture: Picture, radius: number): Picture {
  return along(along(picture, radius, 1, 0), radius, 0, 1);
}

/** The mean along one axis of the pixels within a radius; the outermost count in part. */
function along({ width, height, channels, data }: Picture, radius: number, dx: number, dy: number): Picture {
  const reach = Math.ceil(radius);
  const mean = (i: number): number => {
    const c = i % channels;
    const x = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width);
    let [sum, weight] = [0, 0];
    for (let k = -reach; k <= reach; k++) {
      const share = Math.min(1, radius + 1 - Math.abs(k));
      const [px, py] = [Math.max(0, Math.min(width - 1, x + k * dx)), Math.max(0, Math.min(height - 1, y + k * dy))];
      sum += share * (data[(py * width + px) * channels + c] as number);
      weight += share;
    }
    return sum / weight;
  };
  return { width, height, channels, data: data.map((_, i) => mean(i)) };
}

/**
 * Slow waves in three directions, which drift: as ImageNet-C has it, thickness is added and the whole is scaled back.
 */
function inFog(picture: Picture, amount: number): Picture {
  const { width, height, channels } = picture;
  const drift = Math.random() * 2 * Math.PI;
  const most = 2.5 * amount;
  return mapped(picture, (value, i) => {
    const x = (Math.floor(i / channels) % width) / width;
    const y = Math.floor(i / channels / width) / height;
    const waves = Math.sin(5 * x + drift) + Math.sin(4 * y + 3 * x - drift) + Math.sin(7 * (x - y) + 2 * drift);
    return (value + most * (0.5 + waves / 6)) / (1 + most);
  });
}

function faded(picture: Picture, amount: number): Picture {
  const mean = picture.data.reduce((sum, value) => sum + value, 0) / picture.data.length;
  return mapped(picture, (value) => mean + (value - mean) * (1 - 0.9 * amount));
}

function grainy(picture: Picture, amount: number): Picture {
  return mapped(picture, (value) => value + 0.4 * amount * normal());
}

/** Box and Muller. */
const normal = (): number => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
