import { type Models, modelFile, readModels } from '@renorm/cloud/internal';
import { imageShape, RenormError, toHex } from '@renorm/protocol';
import type { EvalPlan, ModelFacts } from './plan.js';

/**
 * The models of a plan.
 *
 * @throws RenormError MODEL_UNREADABLE, MODEL_MISMATCH, REQUEST_INVALID (they take no images), OnnxError
 */
export async function openModels({
  edgeModel,
  foundationModel,
  foundation: said,
  preprocessing,
}: EvalPlan): Promise<{ models: Models; facts: ModelFacts }> {
  const edge = await modelFile(edgeModel, 'the edge model', { preprocessing });
  const foundation =
    foundationModel === undefined ? undefined : await modelFile(foundationModel, 'the foundation model', said);
  const models = readModels(edge, foundation);
  const shape = imageShape(models.sampleShape);
  if (shape === undefined)
    throw new RenormError(
      'REQUEST_INVALID',
      `${edge.name} takes samples of shape [${models.sampleShape}], not [1 or 3, height, width]: renorm eval reads images; give a model that takes them.`,
    );
  const { edgeDigest, foundationDigest, classes } = models;
  return {
    models,
    facts: {
      shape,
      classes,
      edgeDigest: toHex(edgeDigest),
      ...(foundationDigest && { foundationDigest: toHex(foundationDigest) }),
    },
  };
}
