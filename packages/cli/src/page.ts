import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ServedFile } from '@renorm/cloud';
import { readModelBytes } from '@renorm/onnx/node';
import { type PageFile, readPage } from '@renorm/page';
import { RenormError, reasonOf } from '@renorm/protocol';
import { readNamed } from './read-named.js';

/** The cohort of the devices on the page. */
const COHORT = 'page';
/** What the test images of the page are for. */
interface Pictures {
  /** SHA-256 of the model, hexadecimal. */
  readonly model: string;
  readonly labels: readonly string[];
}

/**
 * The files of the demonstration page, with the model that it runs and what it has to know.
 *
 * @param roots folder of the roots, where the cloud signs
 * @throws RenormError REQUEST_INVALID: the page has not been built; MODEL_UNREADABLE, CREDENTIALS_UNREADABLE
 */
export async function demonstrationPage(
  edgeModel: string,
  roots: string | undefined,
): Promise<Map<string, ServedFile>> {
  let files: Map<string, PageFile>;
  try {
    files = await readPage();
  } catch (cause) {
    const text = `the demonstration page has not been built (${reasonOf(cause)}); run node scripts/build-page.mjs.`;
    throw new RenormError('REQUEST_INVALID', text, { cause });
  }
  const model = await readModelBytes(edgeModel);
  const pictures = JSON.parse(Buffer.from(files.get('/pictures.json')?.bytes ?? []).toString()) as Pictures;
  const fits = createHash('sha256').update(model).digest('hex') === pictures.model;
  const setup = {
    ...{ cohort: COHORT, pictures: fits, trust: roots !== undefined },
    ...(fits && { labels: pictures.labels }),
  };
  files.set('/edge.onnx', { type: 'application/octet-stream', bytes: new Uint8Array(model) });
  files.set('/page.json', { type: 'application/json', bytes: Buffer.from(JSON.stringify(setup)) });
  if (roots !== undefined) {
    const bytes = await readNamed(join(roots, '1.root'), 'the root');
    files.set('/root', { type: 'application/octet-stream', bytes });
  }
  return files;
}
