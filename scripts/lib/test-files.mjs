// Finds the compiled tests.
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root, workspaces } from './fresh.mjs';

/**
 * Every dist/**\/*.test.js whose source is still there: a test that was deleted or renamed leaves its compiled file
 * behind.
 * @param {string[]} words only paths that contain one of them; all if there is none
 * @returns {string[]} paths from the repository's root, long ones first, so that two jobs end at about the same time
 */
export function findTests(words) {
  const found = workspaces().flatMap((folder) => {
    const dist = join(root, folder, 'dist');
    if (!existsSync(dist)) return [];
    return readdirSync(dist, { recursive: true })
      .map(String)
      .filter(
        (file) => file.endsWith('.test.js') && existsSync(join(root, folder, 'src', file.replace(/\.js$/, '.ts'))),
      )
      .map((file) => relative(root, join(dist, file)).split(sep).join('/'));
  });
  const wanted = found.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  // What crosses processes takes longest.
  return wanted.sort((a, b) => Number(b.startsWith('test/')) - Number(a.startsWith('test/')) || a.localeCompare(b));
}

/** To start Node and load tap takes a second of processor time: a quarter of all that a small file takes. */
const TOGETHER = 6;

/**
 * Whose tests start no process or server that could outlive them; what is in a folder `node` may, and is about the
 * process that it runs in.
 */
const QUIET = ['packages/onnx/', 'packages/protocol/', 'packages/image/', 'packages/eval/', 'packages/edge/dist/core/'];

/**
 * Neighbours share a process where neither can disturb the other.
 * @param {readonly string[]} files as `findTests` orders them
 * @returns {string[][]}
 */
export function inGroups(files) {
  const groups = [];
  for (const file of files) {
    const last = groups.at(-1) ?? [];
    const shared = QUIET.some((folder) =>
      [file, last[0]].every((name) => name?.startsWith(folder) && !name.includes('/node/')),
    );
    if (shared && last.length < TOGETHER) last.push(file);
    else groups.push([file]);
  }
  return groups;
}
