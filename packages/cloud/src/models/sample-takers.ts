import type { PreparedClassifier } from '@renorm/onnx';
import { faultOf, imageShape, type Preprocessing } from '@renorm/protocol';
import type { SampleTaker } from './foundation-view.js';
import type { ModelFile } from './model-source.js';

interface Read {
  readonly file: ModelFile;
  readonly prepared: PreparedClassifier;
}

/**
 * What edge and foundation model take, with what files beside them say where nobody said it. A file beside the
 * foundation model alone counts only where it takes samples of another shape: devices may normalize as they always did.
 */
export function sampleTakers(edge: Read, foundation: Read): readonly [SampleTaker, SampleTaker] {
  const own = edge.file.preprocessing ?? besideOf(edge);
  const alike = String(edge.prepared.sampleShape) === String(foundation.prepared.sampleShape);
  const beside = own !== undefined || !alike ? besideOf(foundation) : undefined;
  return [taker(edge, own), taker(foundation, foundation.file.preprocessing ?? beside)];
}

const taker = ({ prepared }: Read, preprocessing: Preprocessing | undefined): SampleTaker => ({
  ...{ name: prepared.model.name, sampleShape: prepared.sampleShape, preprocessing },
});

/** One file may lie beside two models: where its crop is too small for this one, its normalization still holds. */
function besideOf({ file, prepared }: Read): Preprocessing | undefined {
  const says = file.beside?.says;
  const shape = imageShape(prepared.sampleShape);
  if (says === undefined || typeof says === 'string' || shape === undefined) return undefined;
  const { mean, std, filter } = says;
  const normalization = { ...(filter && { filter }), ...(mean && { mean }), ...(std && { std }) };
  return [says, { fit: 'stretch' as const, ...normalization }].find((each) => faultOf(each, shape) === undefined);
}
