// Installs the packages, generates the code of the protocol and builds, each only where it is still to do.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isPageBuilt } from '../build-page.mjs';
import { installedStamp, isGenerated, root, stampGenerated, stampInstalled, workspaces } from './fresh.mjs';
import { findPnpm, node, StepFailed, step } from './step.mjs';

/**
 * Brings the workspace to where it can run. Prints a line for each step that takes time, and the output of one that
 * fails.
 * @returns {Promise<boolean>} whether all is ready; if not, what is wrong has been printed and the exit code is set
 */
export async function setUp() {
  try {
    if (installedStamp.isOld()) {
      const pnpm = await findPnpm();
      await step('installing packages', [...pnpm, 'install', '--frozen-lockfile', '--prefer-offline'], {
        advice: 'npm has to reach its registry. If it does, delete the node_modules folders and try again.',
      });
      stampInstalled();
    }
    if (!isGenerated()) {
      const pnpm = await findPnpm();
      await step('generating the protocol code', [...pnpm, 'generate'], {
        advice: 'delete node_modules and try again.',
      });
      stampGenerated();
    }
    forgetBuildsWithoutOutput();
    await step('building', [node, 'node_modules/typescript/bin/tsc', '-b'], {
      advice: 'the sources do not compile; the lines above say where.',
      quietFor: 3000,
    });
    if (!isPageBuilt())
      await step('building the page', [node, 'scripts/build-page.mjs'], { advice: 'delete packages/page/dist.' });
    return true;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
    return false;
  }
}

/** tsc -b trusts its records alone: where some of the output has been deleted, the record has to go too. */
function forgetBuildsWithoutOutput() {
  for (const folder of workspaces()) {
    const sources = readdirSync(join(root, folder, 'src'), { recursive: true }).filter((file) => file.endsWith('.ts'));
    const built = (file) => existsSync(join(root, folder, 'dist', file.replace(/\.ts$/, '.js')));
    if (sources.every(built)) continue;
    for (const record of ['tsconfig.tsbuildinfo', 'tsconfig.web.tsbuildinfo'])
      rmSync(join(root, folder, record), { force: true });
  }
}
