export { CORRUPTIONS, type CorruptionName, corrupt, EXTRA_CORRUPTIONS } from './corrupt.js';
export type { Severity } from './corruption.js';
export type { Image } from './picture.js';
