// A cloud in ten lines.
export { type Cloud, startCloud } from './cloud.js';
export type { CloudOptions, WebOptions } from './cloud-options.js';
export type { ModelOptions } from './model-file.js';
export type { FoundationVerdict } from './models/foundation-verdict.js';
export type { CloudEvent, CohortStatus, GatewayStatus } from './events.js';
export { OnnxError } from '@renorm/onnx';
export { type ErrorCode, type Preprocessing, RenormError } from '@renorm/protocol';
export type { TlsFiles } from './gateway/tls.js';
export type { ServedFile } from './gateway/wire/served-file.js';
export type { SigningOptions } from './trust/signer.js';

// What stands in a data folder while its cloud is stopped.
export { type CheckStateOptions, checkState, type StateReport } from './check-state.js';
export { type CopyStateOptions, copyState } from './copy-state.js';
export type { Place } from './open-place.js';
export type { CopiedCohort } from './store/copy-cohort.js';
export type { CheckedCohort } from './store/check-cohort.js';
export type { StoredSample } from './store/records.js';
export { type CloudRole, rolesOf } from './roles.js';
export { type RollbackOptions, rollBack, type StoppedCloud, versionsOf } from './rollback.js';
export type { PastVersion } from './publication/past-versions.js';

// Whether a model can be adapted.
export {
  type JudgeOptions,
  judgeModel,
  type ModelVerdict,
  type PairVerdict,
  type Refusal,
  type RoleVerdict,
} from './judge-model.js';

export { type CalibrationSample, type PreparedModel, type PrepareModelOptions, prepareModel } from './prepare-model.js';

// Keys, roots and tokens.
export { TokenAuthenticator, tokenDigest } from './gateway/token-authenticator.js';
export { readSecretKey, writeSecretKey } from './trust/key-file.js';
export { type NextRoot, publicKeyText, writeNextRoot, writePublicKey } from './trust/root-files.js';

export { GATE_NAMES, type GateName } from './publication/gates.js';
export { DEFAULT_STRATEGY, STRATEGY_NAMES, type StrategyName } from './strategy/strategies.js';

// Between the gateway, the trainer and who watches them.
export { GATEWAY_LIMITS, type GatewayLimits } from './gateway/gateway-limits.js';
export type { AdaptationOptions } from './strategy/cema/options.js';
export type { PublishedVersion, PublishingOptions, StepReport } from './trainer/messages.js';
