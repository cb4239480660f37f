// Models as files, for Node.
export { readModelBytes, readModelFile } from './read-model-file.js';
export { writeModelFiles } from './write-model-files.js';
