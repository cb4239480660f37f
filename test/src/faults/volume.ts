import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MiB = 2 ** 20;

/** A file system that is there until `remove`. */
export interface Volume {
  readonly path: string;
  remove(): void;
}

/** @throws Error what the command said */
function command(name: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'renorm-volume-'));

/** A file system in memory. */
export function memoryVolume(megabytes: number): Volume {
  const path = newFolder();
  command('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path);
  return { path, remove: () => unmount(path) };
}

/** A file with an ext4 in it. */
export function newImage(file: string, megabytes: number): void {
  command('truncate', '-s', String(megabytes * MiB), file);
  command('mkfs.ext4', '-q', '-F', file);
}

/** Mounts a file with a file system in it, as a block device: after a cut, its journal is played back. */
export function imageVolume(file: string): Volume {
  const path = newFolder();
  const device = command('losetup', '--find', '--show', file);
  try {
    command('mount', device, path);
  } catch (error) {
    command('losetup', '--detach', device);
    throw error;
  }
  return {
    path,
    remove() {
      unmount(path);
      command('losetup', '--detach', device);
    },
  };
}

function unmount(path: string): void {
  command('umount', '--lazy', path);
  rmSync(path, { recursive: true, force: true });
}

/**
 * A disk whose power can be cut: a file system on a block device on a file on another file system. Freezing the outer
 * one holds every write of the block device for a moment, and the file is then what the disk would hold.
 *
 * What the kernel had not written yet is not in it. What it had written is, whether it was flushed or not: a disk that
 * loses its own cache is worse.
 */
export class CuttableDisk {
  readonly #outerImage: string;
  readonly #outer: Volume;
  readonly #inner: Volume;

  constructor(megabytes: number) {
    this.#outerImage = join(newFolder(), 'outer.img');
    newImage(this.#outerImage, 3 * megabytes);
    this.#outer = imageVolume(this.#outerImage);
    const inner = join(this.#outer.path, 'inner.img');
    newImage(inner, megabytes);
    this.#inner = imageVolume(inner);
  }

  get path(): string {
    return this.#inner.path;
  }

  /** Writes what the disk holds at this moment to a file. */
  cut(file: string): void {
    // In one shell, which thaws whatever happens: a frozen file system stops everybody who syncs.
    const script = 'fsfreeze --freeze "$1" && { cp --sparse=always "$1/inner.img" "$2"; fsfreeze --unfreeze "$1"; }';
    command('sh', '-c', script, 'sh', this.#outer.path, file);
  }

  remove(): void {
    this.#inner.remove();
    this.#outer.remove();
    rmSync(this.#outerImage, { force: true });
  }
}

/** Why file systems cannot be mounted here; undefined where they can. */
export function whyNoVolumes(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'needs root on Linux: small file systems are mounted';
  try {
    memoryVolume(1).remove();
    const disk = new CuttableDisk(8);
    disk.cut(join(disk.path, '..', `renorm-cut-${process.pid}.img`));
    rmSync(join(disk.path, '..', `renorm-cut-${process.pid}.img`), { force: true });
    disk.remove();
    return undefined;
  } catch (error) {
    return `no small file systems here (${error instanceof Error ? error.message.trim() : error})`;
  }
}
