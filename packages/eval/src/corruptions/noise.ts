import { type Corruption, pick } from './corruption.js';
import { mapPicture } from './picture.js';

/** ImageNet-C `gaussian_noise`. Setting: standard deviation, for values in [0, 1]. */
export const gaussianNoise: Corruption = (picture, { severity, random }) => {
  const deviation = pick(picture, severity, [0.04, 0.06, 0.08, 0.09, 0.1], [0.08, 0.12, 0.18, 0.26, 0.38]);
  return mapPicture(picture, (value) => value + random.normal(0, deviation));
};

/** ImageNet-C `shot_noise`: photons are counted. Setting: photons of a white pixel; the fewer, the coarser. */
export const shotNoise: Corruption = (picture, { severity, random }) => {
  const photons = pick(picture, severity, [500, 250, 100, 75, 50], [60, 25, 12, 5, 3]);
  return mapPicture(picture, (value) => random.poisson(value * photons) / photons);
};

/** ImageNet-C `impulse_noise`: salt and pepper, channel by channel. Setting: share of values replaced. */
export const impulseNoise: Corruption = (picture, { severity, random }) => {
  const share = pick(picture, severity, [0.01, 0.02, 0.03, 0.05, 0.07], [0.03, 0.06, 0.09, 0.17, 0.27]);
  return mapPicture(picture, (value) => (random.uniform() < share ? random.integer(0, 2) : value));
};

/** ImageNet-C `speckle_noise`: noise that grows with the brightness. Setting: its standard deviation on white. */
export const speckleNoise: Corruption = (picture, { severity, random }) => {
  const deviation = pick(picture, severity, [0.06, 0.1, 0.12, 0.16, 0.2], [0.15, 0.2, 0.35, 0.45, 0.6]);
  return mapPicture(picture, (value) => value + value * random.normal(0, deviation));
};
