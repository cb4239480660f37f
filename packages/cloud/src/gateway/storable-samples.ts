import type { ImageThreads } from '@renorm/image/node';
import { encodePixels, type GivenImage, inUpload, type ReceivedSample, RenormError } from '@renorm/protocol';
import type { FoundationView } from '../models/foundation-view.js';
import type { AppendedSample } from '../store/cohorts.js';

/**
 * Samples as they are stored: tensors and sketches as they came, images as the pixels of the model's input. One image
 * after the other, so that uploads of several devices take turns.
 *
 * @param view of a foundation model that takes other samples: images are prepared for it too
 * @throws RenormError SAMPLE_INVALID naming the sample's place and sequence
 */
export async function storableSamples(
  samples: readonly ReceivedSample[],
  images: ImageThreads,
  view?: FoundationView,
): Promise<AppendedSample[]> {
  const storable: AppendedSample[] = [];
  for (const [index, sample] of samples.entries()) {
    const { sequence, selection } = sample;
    const head = { sequence, ...(selection && { selection }) };
    if (sample.kind !== 'image') storable.push({ ...head, ...sample.encoded });
    else {
      const { shape, preprocessing } = sample.image;
      const prepared = (image: GivenImage): Promise<Uint8Array> =>
        images.pixels(image).catch((error: unknown) => {
          throw inUpload(asSampleError(error), index, sequence);
        });
      const pixels = await prepared(sample.image);
      storable.push({
        ...{ ...head, ...encodePixels(pixels, shape, preprocessing) },
        ...(view && {
          foundation: encodePixels(
            view.prepares(preprocessing)
              ? await prepared({ ...sample.image, ...view.preparation })
              : view.resized(pixels),
            view.shape,
            { fit: 'none' },
          ),
        }),
      });
    }
  }
  return storable;
}

function asSampleError(error: unknown): unknown {
  if (!(error instanceof RenormError) || error.code !== 'IMAGE_UNREADABLE') return error;
  return new RenormError('SAMPLE_INVALID', error.text, { cause: error });
}
