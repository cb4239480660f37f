// The demonstration page, as files.
export { type PageFile, readPage } from './read-page.js';
