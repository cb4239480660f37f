import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RenormError } from '@renorm/protocol';

/** What the data folder says about itself, readable without opening the database. */
export interface FolderFacts {
  readonly format: number;
  /** Hexadecimal SHA-256 of the models. */
  readonly edgeModel: string;
  readonly foundationModel: string;
}

/** The format that this release writes. */
export const DATA_FORMAT = 1;

const FACTS = 'renorm.json';
const OWNER = 'owner.json';

/**
 * Makes or checks the data folder and takes it for this process.
 *
 * @returns gives the folder back
 * @throws RenormError DATA_NOT_WRITABLE, DATA_FORMAT_NEWER, DATA_OTHER_MODEL, DATA_IN_USE
 */
export function claimFolder(folder: string, models: Omit<FolderFacts, 'format'>): () => void {
  try {
    mkdirSync(folder, { recursive: true });
    checkFacts(folder, models);
    return takeOwnership(folder);
  } catch (cause) {
    if (cause instanceof RenormError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RenormError(
      'DATA_NOT_WRITABLE',
      `the data folder ${folder} cannot be written (${why}). Name another folder, or give this user the right to write there.`,
      { cause },
    );
  }
}

function checkFacts(folder: string, models: Omit<FolderFacts, 'format'>): void {
  const path = join(folder, FACTS);
  const facts = readJson(path) as Partial<FolderFacts> | undefined;
  if (facts === undefined) {
    writeFileSync(path, `${JSON.stringify({ format: DATA_FORMAT, ...models }, null, 2)}\n`);
    return;
  }
  if (typeof facts.format !== 'number' || facts.format > DATA_FORMAT) {
    throw new RenormError(
      'DATA_FORMAT_NEWER',
      `the data folder ${folder} has format ${facts.format}, this release knows up to ${DATA_FORMAT}. Run the release that wrote it; nothing was changed.`,
    );
  }
  for (const [key, what] of [['edgeModel', 'edge'] as const, ['foundationModel', 'foundation'] as const]) {
    if (facts[key] === models[key]) continue;
    throw new RenormError(
      'DATA_OTHER_MODEL',
      `the data folder ${folder} belongs to the ${what} model ${facts[key]}, this one is ${models[key]} (SHA-256). Name a new folder for new models.`,
    );
  }
}

interface Owner {
  readonly pid: number;
  /** When the process started, as the system counts it; tells it from a later one with the same number. */
  readonly started: string;
}

function takeOwnership(folder: string): () => void {
  const path = join(folder, OWNER);
  const self = JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? '' } satisfies Owner);
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, self, { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error;
    }
    const owner = readJson(path) as Partial<Owner> | undefined;
    if (owner?.pid !== undefined && isAlive({ pid: owner.pid, started: owner.started ?? '' })) {
      throw new RenormError(
        'DATA_IN_USE',
        `the data folder ${folder} is used by process ${owner.pid}. Stop it, or name another folder.`,
      );
    }
    rmSync(path, { force: true });
  }
}

function isAlive({ pid, started }: Owner): boolean {
  const now = startOf(pid);
  if (now !== undefined) return now === started;
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time of a process in clock ticks since the machine started (Linux); undefined where that is not to be had. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name in brackets, which may hold anything; field 22 of the line is the 20th from there.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
