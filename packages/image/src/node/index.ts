export { decodeImage, decodePhotograph, MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE } from './decode-image.js';
export { ImageThreads } from './image-threads.js';
