import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * What is known of a database file without mapping it into memory, where a page that is not there ends the process by a
 * signal.
 */
export type LmdbFile =
  | { readonly kind: 'absent' }
  | { readonly kind: 'empty'; readonly why: string }
  | { readonly kind: 'damaged'; readonly why: string }
  | {
      readonly kind: 'whole';
      /** Number of the transaction that LMDB will go on from. */
      readonly transaction: number;
      /** Pages in use, and bytes that they take. */
      readonly pages: number;
      readonly bytes: number;
    };

// The layout is that of LMDB's data version 2, as the package lmdb builds it
// (dependencies/lmdb/libraries/liblmdb/mdb.c: MDB_page_header, MDB_meta, MDB_db, MDB_node, MDB_ovpage), in the byte
// order of the machine: little-endian on all that onnxruntime runs on.
const HEADER = 24;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_END = HEADER + 136;
const NONE = 0xffff_ffff_ffff_ffffn;
const [BRANCH, LEAF, OVERFLOW, META] = [0x01, 0x02, 0x04, 0x08];
const KINDS = BRANCH | LEAF | OVERFLOW | META | 0x20 | 0x40;
const [BIG_DATA, SUB_DATA] = [0x01, 0x02];
const NODE = 8;
const DB = 48;

interface Tree {
  readonly name: string;
  readonly depth: number;
  readonly entries: number;
  readonly root: bigint;
}

interface Meta {
  readonly pageSize: number;
  readonly trees: readonly Tree[];
  readonly lastPage: number;
  readonly transaction: number;
}

class Damage extends Error {}

/**
 * Checks a database file page by page: the meta pages, and every page that the trees reach, each where it says that it
 * is and with all that it points to inside the file. Values are not looked at.
 */
export function inspectLmdbFile(path: string): LmdbFile {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return { kind: 'empty', why: `${path} is empty` };
    return { kind: 'whole', ...walk(fd, size, newestMeta(fd, size)) };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return { kind: 'damaged', why: `${path} ${error.message}` };
  } finally {
    closeSync(fd);
  }
}

/** The state that LMDB goes on from. */
function newestMeta(fd: number, size: number): Meta {
  const first = readAt(fd, 0, META_END);
  if (first.length < META_END) throw new Damage(`is cut off: it has ${size} bytes`);
  if (first.every((byte) => byte === 0)) throw new Damage('begins with zeros');
  const firstMeta = metaAt(first);
  const { pageSize } = firstMeta;
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) throw new Damage('has no pages');
  const second = readAt(fd, pageSize, META_END);
  if (second.length < META_END) throw new Damage(`is cut off: it has ${size} bytes`);
  const secondMeta = metaAt(second);
  return secondMeta.transaction > firstMeta.transaction ? secondMeta : firstMeta;
}

function metaAt(page: Buffer): Meta {
  if ((page.readUInt16LE(18) & KINDS) !== META || page.readUInt32LE(HEADER) !== MAGIC)
    throw new Damage('is no LMDB database, or its first pages are damaged');
  const version = page.readUInt32LE(HEADER + 4) & 0xffff;
  if (version !== DATA_VERSION)
    throw new Damage(`has LMDB's data version ${version}, this release reads ${DATA_VERSION}`);
  return {
    pageSize: page.readUInt32LE(HEADER + 24),
    trees: [treeAt(page, HEADER + 24, 'free pages'), treeAt(page, HEADER + 24 + DB, 'main')],
    lastPage: Number(page.readBigUInt64LE(HEADER + 120)),
    transaction: Number(page.readBigUInt64LE(HEADER + 128)),
  };
}

const treeAt = (bytes: Buffer, at: number, name: string): Tree => ({
  name,
  depth: bytes.readUInt16LE(at + 6),
  entries: Number(bytes.readBigUInt64LE(at + 32)),
  root: bytes.readBigUInt64LE(at + 40),
});

interface Reached {
  readonly transaction: number;
  readonly pages: number;
  readonly bytes: number;
}

/** Visits all that a state reaches. */
function walk(fd: number, size: number, { pageSize, lastPage, transaction, trees }: Meta): Reached {
  const seen = new Set<number>([0, 1]);
  const waiting = [...trees];
  let pages = 2;
  const page = (number: number, kinds: number): Buffer => {
    if (number < 2 || number > lastPage || seen.has(number))
      throw new Damage(`has a reference to page ${number}, which cannot be`);
    seen.add(number);
    if ((number + 1) * pageSize > size)
      throw new Damage(`is cut off: page ${number} of ${lastPage + 1} is missing, the file has ${size} bytes`);
    const bytes = readAt(fd, number * pageSize, pageSize);
    const flags = bytes.readUInt16LE(18) & KINDS;
    const is = bytes.readBigUInt64LE(0) === BigInt(number) && (flags & ~kinds) === 0 && flags !== 0;
    if (!is || Number(bytes.readBigUInt64LE(8)) > transaction) throw new Damage(`is damaged at page ${number}`);
    pages += 1;
    return bytes;
  };
  const overflow = (number: number, count: number): void => {
    const first = page(number, OVERFLOW);
    if (count < 1 || first.readUInt32LE(20) < count) throw new Damage(`is damaged at page ${number}`);
    for (let i = 1; i < count; i++) {
      if (seen.has(number + i)) throw new Damage(`has a reference to page ${number + i}, which cannot be`);
      seen.add(number + i);
    }
    if (number + count - 1 > lastPage || (number + count) * pageSize > size)
      throw new Damage(`is cut off: a value at page ${number} goes beyond its end`);
    pages += count - 1;
  };
  const branch = (number: number, depth: number): number => {
    const bytes = page(number, depth > 1 ? BRANCH : LEAF);
    let entries = 0;
    for (const node of nodesOf(bytes, number)) {
      if (depth > 1) {
        entries += branch(bytes.readUInt32LE(node) + bytes.readUInt16LE(node + 4) * 2 ** 32, depth - 1);
        continue;
      }
      entries += 1;
      const [flags, data] = [bytes.readUInt16LE(node + 4), node + NODE + bytes.readUInt16LE(node + 6)];
      const length = (flags & BIG_DATA) !== 0 ? 24 : bytes.readUInt32LE(node);
      if (data + length > pageSize) throw new Damage(`is damaged at page ${number}`);
      if ((flags & BIG_DATA) !== 0)
        overflow(Number(bytes.readBigUInt64LE(data)), Number(bytes.readBigUInt64LE(data + 16)));
      else if ((flags & SUB_DATA) !== 0 && length === DB)
        waiting.push(treeAt(bytes, data, bytes.toString('latin1', node + NODE, data)));
    }
    return entries;
  };
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    const entries = tree.root === NONE ? 0 : branch(Number(tree.root), tree.depth);
    if (entries !== tree.entries)
      throw new Damage(
        `is damaged: its table of ${JSON.stringify(tree.name)} says ${tree.entries} entries and has ${entries}`,
      );
  }
  return { transaction, pages, bytes: pages * pageSize };
}

/** Offsets of the nodes of a page. */
function nodesOf(page: Buffer, number: number): number[] {
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)];
  if (lower % 2 !== 0 || lower > upper || HEADER + upper > page.length)
    throw new Damage(`is damaged at page ${number}`);
  return Array.from({ length: lower / 2 }, (_, i) => {
    const node = HEADER + page.readUInt16LE(HEADER + 2 * i);
    if (node < HEADER + upper || node + NODE + page.readUInt16LE(Math.min(node + 6, page.length - 2)) > page.length)
      throw new Damage(`is damaged at page ${number}`);
    return node;
  });
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}
