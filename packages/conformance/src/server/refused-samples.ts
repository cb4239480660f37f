import type { PlainSample } from '../sample-bytes.js';
import type { ServerContext } from './context.js';
import { refused } from './expectations.js';
import { uploaded } from './upload-cases.js';

/** Every one of these is refused, and the next good upload is taken. */
export async function allRefused(
  context: ServerContext,
  samples: Readonly<Record<string, PlainSample>>,
): Promise<void> {
  const peer = context.peer();
  for (const [what, sample] of Object.entries(samples))
    refused(await peer.upload(context.uploading(context.session(), [1], { sample })), what, 'SAMPLE_INVALID');
  await uploaded(peer, context.uploading(context.session(), [1]), 1, 0);
}
