import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryPath } from './cloud-process.js';

/** A module's hooks, in the thread that Node gives them: each module that is loaded is a line of a file. */
const HOOKS = `import { appendFileSync } from 'node:fs';
let file;
export const initialize = (to) => { file = to; };
export const load = (url, context, next) => { appendFileSync(file, url + '\\n'); return next(url, context); };`;
const dataUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;

/** Runs a `renorm` command to its end. @returns what it loaded: paths in the repository, and names of packages */
export async function modulesLoadedBy(...args: string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-loaded-'));
  const list = join(folder, 'modules');
  const register = `import { register } from 'node:module';
register(${JSON.stringify(dataUrl(HOOKS))}, { data: ${JSON.stringify(list)} });`;
  try {
    const command = ['--import', dataUrl(register), repositoryPath('packages/cli/bin/renorm.js'), ...args];
    await once(spawn(process.execPath, command, { stdio: 'ignore' }), 'close');
    const urls = (await readFile(list, 'utf8')).split('\n').filter((url) => url.startsWith('file:'));
    return [...new Set(urls.map(nameOf))].sort();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nameOf(url: string): string {
  const path = decodeURIComponent(new URL(url).pathname);
  const [, installed] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return installed ?? path.slice(repositoryPath('').length);
}
