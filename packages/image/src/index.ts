export { type ImageFormat, imageFormat } from './image-format.js';
export { imagePixels } from './image-pixels.js';
export type { Raster } from './resize.js';
