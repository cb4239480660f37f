/** The `renorm` command as a function, for programs that bring their own process. */
export { run } from './run.js';
