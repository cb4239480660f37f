// Models as files, and the runtime, for Node.
export { prepareRuntime } from './prepare-runtime.js';
export { readModelBytes, readModelFile } from './read-model-file.js';
export { writeModelFiles } from './write-model-files.js';
