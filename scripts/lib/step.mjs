// Runs one step of the set-up with its output out of sight, unless it fails.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './fresh.mjs';

/** This Node, as the first word of a command. */
export const node = process.execPath;

/** A step that ended badly: what it printed and what to do. */
export class StepFailed extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

const LINES_SHOWN = 60;

/**
 * @param {string} title what is being done, as in 'installing packages'
 * @param {string[]} command
 * @param {{ advice: string, quietFor?: number }} options advice: what a person can do when it fails;
 *   quietFor: milliseconds before the title is shown, for steps that mostly have nothing to do
 */
export async function step(title, command, { advice, quietFor = 0 }) {
  const announce = setTimeout(() => process.stderr.write(`Setting up: ${title} …\n`), quietFor);
  try {
    const { code, signal, output, interrupted } = await capture(command);
    if (interrupted || signal === 'SIGINT')
      throw new StepFailed(`\nCancelled while ${title}. Run the same command again to go on.`, 130);
    if (code === 0) return;
    const lines = output.trimEnd().split('\n');
    const shown = lines.slice(-LINES_SHOWN).map((line) => `  ${line}`);
    throw new StepFailed(`Setting up failed at ${title}:\n\n${shown.join('\n')}\n\nWhat to do: ${advice}`, 1);
  } finally {
    clearTimeout(announce);
  }
}

/**
 * pnpm as a command: an installed pnpm of the major version that package.json names, otherwise that version through
 * npx, which comes with npm wherever Node does.
 */
export async function findPnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [, wanted, major] = /^pnpm@((\d+)\.[\d.]+)/.exec(packageManager);
  const installed = await capture(['pnpm', '--version']).catch(() => null);
  return installed?.code === 0 && installed.output.startsWith(`${major}.`)
    ? ['pnpm']
    : ['npx', '--yes', `pnpm@${wanted}`];
}

/** Runs a command in the repository; resolves with how it ended and everything it printed. */
function capture([program, ...args]) {
  return new Promise((resolve, reject) => {
    const windows = process.platform === 'win32'; // where pnpm and npx are .cmd files, which only a shell starts
    const child = spawn(windows && program !== node ? `${program}.cmd` : program, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: windows && program !== node,
      // Any pnpm of the right major will do: it need not fetch the exact one that package.json names.
      env: { ...process.env, npm_config_manage_package_manager_versions: 'false', CI: 'true' },
    });
    let output = '';
    let interrupted = false;
    const interrupt = () => {
      interrupted = true;
      child.kill();
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupt);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM']) process.off(name, interrupt);
      resolve({ code, signal, output, interrupted });
    });
  });
}
