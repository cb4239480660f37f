import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryPath } from './cloud-process.js';

const MODULES = 'import grpc, grpc_tools, cryptography';
const INSTALL_MS = 150_000;

/** A folder for what these tests install, out of git's sight. */
const environment = repositoryPath('node_modules/.cache/renorm-python');

/**
 * A Python with what the conformance client needs: RENORM_PYTHON, python3 as it is, or one of our own with the packages
 * installed.
 *
 * @returns its path, or what to do to have one
 */
export function findPython(): { readonly path: string } | { readonly missing: string } {
  const own = join(environment, 'bin/python');
  const ready = [process.env.RENORM_PYTHON, 'python3', own].find(
    (path) => path !== undefined && succeeds(path, ['-c', MODULES]),
  );
  if (ready !== undefined) return { path: ready };
  const requirements = repositoryPath('test/conformance/python/requirements.txt');
  const made = existsSync(own) || succeeds('python3', ['-m', 'venv', environment]);
  if (made && succeeds(own, ['-m', 'pip', 'install', '--quiet', '-r', requirements])) return { path: own };
  return {
    missing:
      'needs Python 3.9 with grpcio, grpcio-tools and cryptography: pip install -r test/conformance/python/requirements.txt',
  };
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: INSTALL_MS }).status === 0;
}
