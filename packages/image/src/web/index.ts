// Image files in a browser, by its own codecs.
export { decodePhotograph, type Photograph } from './decode-image.js';
export { encodeImage } from './encode-image.js';
