import { type OptionRules, option, PREPROCESSING_RULES } from '@renorm/protocol';
import type { CloudOptions, WebOptions } from './cloud-options.js';
import { GATEWAY_LIMITS } from './gateway/gateway-limits.js';
import type { TlsFiles } from './gateway/tls.js';
import { ADAPTATION_DEFAULTS } from './strategy/cema/options.js';
import { PUBLISHING_DEFAULTS } from './trainer/publishing-options.js';
import type { SigningOptions } from './trust/signer.js';

const { text, like, group, required } = option;
const PREPROCESSING = option.pathOr(PREPROCESSING_RULES);

/** What the options of a cloud have to be. */
export const CLOUD_RULES = {
  edgeModel: required(option.pathOrBytes),
  output: text,
  sizes: option.sizes,
  foundationModel: option.pathOrBytes,
  foundation: group({
    ...{ output: text, sizes: option.sizes, preprocessing: PREPROCESSING },
    classes: option.pathOrList,
  } satisfies OptionRules<CloudOptions['foundation'] & {}>),
  preprocessing: PREPROCESSING,
  labels: option.pathOrTexts,
  strategy: text,
  gate: text,
  data: text,
  store: text,
  roles: option.texts,
  host: text,
  port: option.number,
  threads: option.number,
  adaptation: like(ADAPTATION_DEFAULTS),
  publishing: like(PUBLISHING_DEFAULTS),
  signing: group({
    key: required(text),
    roots: required(text),
    validityMs: option.number,
  } satisfies OptionRules<SigningOptions>),
  tls: group({
    certificate: required(text),
    key: required(text),
    clientAuthority: text,
  } satisfies OptionRules<TlsFiles>),
  web: group({
    origins: option.texts,
    files: { what: 'a map of files', is: (value) => value instanceof Map },
  } satisfies OptionRules<WebOptions>),
  tokens: text,
  limits: like(GATEWAY_LIMITS),
  onEvent: option.callback,
} satisfies OptionRules<CloudOptions>;

const { edgeModel, output, sizes, foundationModel, foundation, data, store } = CLOUD_RULES;

/** Of functions that work on the folder of a cloud that is stopped. */
export const STOPPED_RULES = {
  ...{ edgeModel, output, sizes, foundationModel, foundation, data, store },
  onRepaired: option.callback,
  cohort: required(text),
};
