import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PERFECT_LINK } from '../methods/link.js';
import type { EvalPlan } from './plan.js';

const models = fileURLToPath(new URL('../../../../models/', import.meta.url));
/** A few images of our own models' data, clean and under noise. */
export const plan: EvalPlan = {
  edgeModel: join(models, 'fashion-edge.onnx'),
  data: join(models, 'fashion-mnist'),
  preprocessing: { fit: 'stretch' },
  corrupt: ['gaussian_noise'],
  severities: [5],
  images: 24,
  methods: ['source', 'batch-statistics', 'statistics/everything'],
  streams: ['reset'],
  batch: 24,
  link: PERFECT_LINK,
  seed: 1,
};
