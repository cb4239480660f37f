import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RenormError, reasonOf } from '@renorm/protocol';
import { watch } from 'chokidar';
import { isImage, namesOfImages } from './images.js';

/** A file whose size stays so long is written whole, in milliseconds. One that goes on later is given again. */
const WHOLE_AFTER_MS = 300;
const LOOK_EVERY_MS = 50;

/**
 * The image files of a folder: those that are there in the order of their names, then each that comes, or is written
 * anew, as soon as it is whole. Ends when the signal is aborted.
 *
 * @throws RenormError REQUEST_INVALID: the folder cannot be read, cannot be watched, or is taken away
 */
export async function* watchedImages(folder: string, signal: AbortSignal): AsyncGenerator<string> {
  const names = await namesOfImages(folder);
  const whole = new Map<string, number>();
  for (const name of names) {
    const writtenAt = await restingSince(join(folder, name));
    if (writtenAt !== undefined) whole.set(name, writtenAt);
  }
  const waiting = names.filter((name) => whole.has(name));
  let failure: RenormError | undefined;
  let wake = (): void => undefined;
  const come = (name: string): void => {
    waiting.push(name);
    wake();
  };
  const fail = (why: string): void => {
    failure = new RenormError('REQUEST_INVALID', `--images ${folder}: ${why}`);
    wake();
  };
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  const watcher = watch(folder, {
    depth: 0,
    alwaysStat: true,
    ignored: (path, stats) => stats?.isFile() === true && !isImage(path),
    awaitWriteFinish: { stabilityThreshold: WHOLE_AFTER_MS, pollInterval: LOOK_EVERY_MS },
  })
    .on('add', (path, stats) => {
      const name = basename(path);
      // Each that was there is told once more, by a watcher that may have begun after it was written anew.
      if (whole.get(name) !== stats?.mtimeMs) come(name);
      whole.delete(name);
    })
    .on('change', (path) => come(basename(path)))
    .on('unlinkDir', () => fail('the folder was taken away; start again when it is back.'))
    .on('error', (error) => fail(`the folder cannot be watched (${reasonOf(error)}); leave out --watch.`));
  try {
    while (!signal.aborted) {
      const name = waiting.shift();
      if (name !== undefined) yield join(folder, name);
      else if (failure !== undefined) throw failure;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await watcher.close();
  }
}

/**
 * When it was written, if nobody has written to it for a while. One that has gone meanwhile is not there to be given.
 */
async function restingSince(file: string): Promise<number | undefined> {
  const facts = await stat(file).catch(() => undefined);
  return facts !== undefined && Date.now() - facts.mtimeMs > WHOLE_AFTER_MS ? facts.mtimeMs : undefined;
}
