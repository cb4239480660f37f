export { type Ed25519, KEY_LENGTH, randomSecretKey, SIGNATURE_LENGTH, webEd25519 } from './ed25519.js';
export { checkRootExpiry, followRoots, openRoot, type Root, signRoot } from './root.js';
export { checkSignatures, keyIdOf, type Role, type SignedType, signedText, signMessage } from './signed-message.js';
export {
  type Envelope,
  type OpenedVersion,
  openVersion,
  type Receiver,
  type RollbackStatement,
  sealVersion,
  signRollback,
  signVersion,
} from './signed-version.js';
export { checkVersionNumber, VERSION_NUMBER_LIMIT, VERSION_NUMBER_STEP } from './version-number.js';
