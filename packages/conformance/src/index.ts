// Whether a cloud or a device does what docs/protocol.md asks, found out over a socket.

// A cloud under test.
export { runServerSuite, SERVER_CASES } from './server/suite.js';
export type { ServerSetup } from './server/context.js';
export { PROTOCOLS, type Protocol, type Target, type TlsBytes } from './server/wire.js';

// A device under test.
export { CLIENT_CASES, runClientSuite } from './client/suite.js';
export type { ClientSetup } from './client/context.js';
export type { DeviceEnvironment } from './client/device-process.js';

// What both are told, and what comes out.
export type { Case } from './case.js';
export { type ModelFacts, modelFacts } from './model-facts.js';
export type { Result, RunOptions } from './runner.js';
export { SENTENCES } from './sentences.js';
export { junitReport } from './report/junit.js';
export { tapReport } from './report/tap.js';
export { textLine, textReport, textSummary } from './report/text.js';
