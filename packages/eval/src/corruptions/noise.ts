import { type Corruption, pick } from './corruption.js';
import { mapPicture } from './picture.js';

export const gaussianNoise: Corruption = (picture, { severity, random }) => {
  const deviation = pick(picture, severity, [0.04, 0.06, 0.08, 0.09, 0.1], [0.08, 0.12, 0.18, 0.26, 0.38]);
  return mapPicture(picture, (value) => value + random.normal(0, deviation));
};

/** Photons counted: the darker, the coarser. */
export const shotNoise: Corruption = (picture, { severity, random }) => {
  const photons = pick(picture, severity, [500, 250, 100, 75, 50], [60, 25, 12, 5, 3]);
  return mapPicture(picture, (value) => random.poisson(value * photons) / photons);
};

/** Salt and pepper, channel by channel. */
export const impulseNoise: Corruption = (picture, { severity, random }) => {
  const share = pick(picture, severity, [0.01, 0.02, 0.03, 0.05, 0.07], [0.03, 0.06, 0.09, 0.17, 0.27]);
  return mapPicture(picture, (value) => (random.uniform() < share ? random.integer(0, 2) : value));
};
