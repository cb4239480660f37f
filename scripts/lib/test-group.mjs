// Runs the compiled test files that RENORM_TEST_FILES lists in one process, one behind the other. The first is also the
// only argument: tap names the folders it makes for tests by the arguments.
import { pathToFileURL } from 'node:url';

for (const file of JSON.parse(process.env.RENORM_TEST_FILES)) await import(pathToFileURL(file).href);
