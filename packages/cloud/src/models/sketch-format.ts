import { sketchedLayers } from '@renorm/onnx';
import type { SketchFormat } from '@renorm/protocol';
import type { Models } from './model-facts.js';

/**
 * What a sketch of the edge model has to be; undefined where its layers have no statistics that a sketch could speak
 * of.
 */
export function sketchFormat({ edge, classes }: Pick<Models, 'edge' | 'classes'>): SketchFormat | undefined {
  const channels = sketchedLayers(edge).map((layer) => layer.channels);
  return channels.length === 0 ? undefined : { channels, classes };
}
