export { type ImageFormat, imageFormat } from './image-format.js';
export { imagePixels, withoutAlpha } from './image-pixels.js';
export type { Raster } from './resize.js';
