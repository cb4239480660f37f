import { type OptionRules, option, PREPROCESSING_RULES, SAMPLE_FORMS } from '@renorm/protocol';
import type { DeviceOptions } from './assemble-device.js';
import { BACKOFF_DEFAULTS } from './backoff.js';
import { BYTE_BUDGET_DEFAULTS } from './byte-budget.js';
import { HEALTH_DEFAULTS } from './health.js';
import { SKETCH_DEFAULTS } from './sketch-window.js';
import { QUEUE_DEFAULTS } from './upload-queue.js';

const { oneOf, group, like, required } = option;

/** What the options of a device on any platform have to be. */
export const DEVICE_RULES = {
  cloud: required(option.text),
  cohort: required(option.text),
  id: option.text,
  // Its policies know their options.
  selection: option.anything,
  upload: oneOf('samples', 'none'),
  consent: { what: "true, false or 'ask'", is: (value) => value === 'ask' || typeof value === 'boolean' },
  redact: option.callback,
  sketches: like(SKETCH_DEFAULTS),
  budget: like(BYTE_BUDGET_DEFAULTS),
  queue: like(QUEUE_DEFAULTS),
  samples: oneOf(...SAMPLE_FORMS),
  preprocessing: group(PREPROCESSING_RULES),
  labels: option.texts,
  quality: option.number,
  output: option.text,
  sizes: option.sizes,
  shape: option.numbers,
  backoff: like(BACKOFF_DEFAULTS),
  budgetRetryMs: option.number,
  health: like(HEALTH_DEFAULTS),
} satisfies OptionRules<DeviceOptions>;
