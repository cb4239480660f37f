import { GrpcStatus } from './grpc-status.js';

/** What an error code means and the gRPC status number under which it travels. */
export interface ErrorKind {
  readonly status: GrpcStatus;
  readonly meaning: string;
}

const kind = (status: GrpcStatus, meaning: string): ErrorKind => ({ status, meaning });

/**
 * Every error that a user of a device or a cloud can meet. Codes are stable; docs/errors.md says what to do about each.
 */
export const ERROR_CODES = {
  MODEL_MISMATCH: kind(
    GrpcStatus.FailedPrecondition,
    'The edge and the foundation model, or what device and cloud take the edge model for, differ in classes or inputs.',
  ),
  MODEL_UNKNOWN: kind(GrpcStatus.FailedPrecondition, 'The device runs a model that the cloud does not adapt.'),
  MODEL_UNREADABLE: kind(GrpcStatus.FailedPrecondition, 'A model file cannot be read, or the runtime refuses it.'),
  SAMPLE_INVALID: kind(
    GrpcStatus.InvalidArgument,
    'A sample has the wrong shape, a value that is not finite, or damaged data.',
  ),
  SAMPLE_OUT_OF_RANGE: kind(
    GrpcStatus.InvalidArgument,
    'A sample is far out of the range of what the model was trained on.',
  ),
  SKETCH_NOT_TAKEN: kind(GrpcStatus.FailedPrecondition, 'The cloud learns nothing from sketches of this model.'),
  DEVICE_SET_ASIDE: kind(
    GrpcStatus.ResourceExhausted,
    'A device has sent several samples out of range; its uploads are not taken for a while.',
  ),
  REQUEST_INVALID: kind(GrpcStatus.InvalidArgument, 'A request or an option is outside what the contract allows.'),
  RESPONSE_INVALID: kind(GrpcStatus.Internal, 'The cloud answered something that the contract does not allow.'),
  CLOUD_UNREACHABLE: kind(GrpcStatus.Unavailable, 'The cloud cannot be reached. The device goes on predicting.'),
  CLOUD_FAILED: kind(GrpcStatus.Internal, 'The cloud failed while it handled a request.'),
  BUDGET_EXHAUSTED: kind(
    GrpcStatus.ResourceExhausted,
    "The cohort's upload budget is used up; samples wait on the device.",
  ),
  DATA_NOT_WRITABLE: kind(GrpcStatus.FailedPrecondition, 'The data folder cannot be written.'),
  DATA_FORMAT_NEWER: kind(GrpcStatus.FailedPrecondition, 'The data folder was written by a newer renorm.'),
  DATA_OTHER_MODEL: kind(GrpcStatus.FailedPrecondition, 'The data folder belongs to other models.'),
  DATA_IN_USE: kind(GrpcStatus.FailedPrecondition, 'Another process uses the data folder.'),
  DISK_FULL: kind(GrpcStatus.Unavailable, 'The disk of the cloud is full; nothing more is acknowledged.'),
  STORE_UNREACHABLE: kind(GrpcStatus.Unavailable, "The cluster's store does not answer; nothing more is acknowledged."),
  DATA_DAMAGED: kind(GrpcStatus.Internal, 'The data folder lacks what it had, or holds what was not written so.'),
  CONFLICT: kind(GrpcStatus.Aborted, 'Another trainer committed a step of this cohort first.'),
  VERSION_REFUSED: kind(
    GrpcStatus.Aborted,
    'A version does not apply to what the device has, is damaged, or cannot be loaded.',
  ),
  VERSION_MISMATCH: kind(GrpcStatus.Aborted, 'A version is for another model, another cohort or another parent.'),
  VERSION_DIGEST: kind(GrpcStatus.Aborted, 'A version decodes to other parameters than its digest names.'),
  VERSION_NOT_FINITE: kind(GrpcStatus.Aborted, 'A version decodes to a number that is not finite.'),
  VERSION_ROLLBACK: kind(
    GrpcStatus.Aborted,
    'A version is older than one that the device had, and no signed rollback names it.',
  ),
  VERSION_NUMBER: kind(
    GrpcStatus.Aborted,
    'The number of a version leaves too little room for those that follow, or is too far above the newest.',
  ),
  VERSION_EXPIRED: kind(GrpcStatus.Aborted, 'A version or a rollback has expired: newer ones may be held back.'),
  SIGNATURE_MISSING: kind(GrpcStatus.Aborted, 'A version came without a signature to a device that asks for one.'),
  SIGNATURE_INVALID: kind(GrpcStatus.Aborted, 'The signature of a version, a rollback or a root is wrong.'),
  KEY_UNKNOWN: kind(
    GrpcStatus.Aborted,
    'A version, a rollback or a root is signed by a key that the root does not name.',
  ),
  ROOT_EXPIRED: kind(GrpcStatus.Aborted, 'The root metadata have expired.'),
  ROOT_INVALID: kind(
    GrpcStatus.Aborted,
    'Root metadata contradict themselves, or do not follow those that are trusted.',
  ),
  STREAM_ENDLESS: kind(
    GrpcStatus.Aborted,
    'A stream of versions brings nothing new, or more than the device can take in.',
  ),
  MESSAGE_TOO_LARGE: kind(GrpcStatus.ResourceExhausted, 'A message is larger than the receiver takes.'),
  TOO_MANY_CALLS: kind(GrpcStatus.ResourceExhausted, 'A peer has more calls in flight than it may.'),
  TOO_MANY_CONNECTIONS: kind(
    GrpcStatus.ResourceExhausted,
    'The cloud, or an address, has as many connections as it may.',
  ),
  TOO_MANY_BYTES: kind(GrpcStatus.ResourceExhausted, 'Requests hold as much memory of the cloud as they may.'),
  TOO_MANY_COHORTS: kind(GrpcStatus.ResourceExhausted, 'The cloud has as many cohorts as it may.'),
  REQUEST_TIMEOUT: kind(GrpcStatus.DeadlineExceeded, 'A request did not come in within its time.'),
  TLS_MISMATCH: kind(GrpcStatus.FailedPrecondition, 'One side speaks TLS and the other does not.'),
  ORIGIN_NOT_ALLOWED: kind(
    GrpcStatus.PermissionDenied,
    'A page called of an origin that the cloud was not started with.',
  ),
  UNAUTHENTICATED: kind(
    GrpcStatus.Unauthenticated,
    'A device came without a token, or with one that the cloud does not know.',
  ),
  PERMISSION_DENIED: kind(GrpcStatus.PermissionDenied, 'A device names a cohort that its token does not belong to.'),
  TRUST_MEMORY_LOST: kind(
    GrpcStatus.FailedPrecondition,
    'What a device remembered of versions and roots is damaged: it starts from its root again.',
  ),
  VERSION_UNFIT: kind(
    GrpcStatus.Aborted,
    'A version was tried on what the device has seen, and computes what is no number or says one class of everything.',
  ),
  REDACTION_FAILED: kind(
    GrpcStatus.Internal,
    'What says what of a sample may leave a device has failed, and nothing of it leaves.',
  ),
  BYTES_SPENT: kind(
    GrpcStatus.ResourceExhausted,
    'A device has sent and received as many bytes as it may in an hour or a day.',
  ),
  STATE_LOST: kind(
    GrpcStatus.FailedPrecondition,
    'What a device kept of an earlier run is damaged, or of another model: it begins anew with what is left.',
  ),
  CREDENTIALS_EXPOSED: kind(GrpcStatus.FailedPrecondition, 'Others than its owner can read or write a secret file.'),
  CREDENTIALS_UNREADABLE: kind(GrpcStatus.FailedPrecondition, 'A key, certificate, token or root file cannot be read.'),
  TRAINER_FAILED: kind(GrpcStatus.Internal, 'The trainer of the cloud stopped.'),
  INFERENCE_FAILED: kind(GrpcStatus.Internal, 'The runtime failed while it computed a prediction.'),
  SELECTION_FAILED: kind(GrpcStatus.Internal, 'A selection policy failed on a sample.'),
  IMAGE_UNREADABLE: kind(GrpcStatus.InvalidArgument, 'An image cannot be read, or is none that fits the model.'),
  CLOSED: kind(GrpcStatus.Cancelled, 'The device or the cloud has been closed.'),
} as const satisfies Record<string, ErrorKind>;

/** A stable name of an error. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * An error with a name. `text` is `what thing, what is wrong, why; what to do.`, and `message` the same behind
 * `CODE: `. `cause` is kept and never sent to a peer.
 */
export class RenormError extends Error {
  readonly code: ErrorCode;
  /** The message without its code, for a message about something larger. */
  readonly text: string;
  /** When it is worth trying again, in milliseconds from now; undefined: nobody said. */
  readonly comeBackMs: number | undefined;

  constructor(code: ErrorCode, text: string, options?: { readonly cause?: unknown; readonly comeBackMs?: number }) {
    super(`${code}: ${text}`, options);
    this.comeBackMs = options?.comeBackMs;
    this.name = 'RenormError';
    this.code = code;
    this.text = text;
  }
}

/** What an error says, for the part of a message that gives the cause. */
export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/**
 * The error for a file or folder that somebody named and that cannot be read.
 *
 * @param what it is and its path, as in `the token file /etc/token`
 * @param advice what to do
 */
export function unreadable(
  code: ErrorCode,
  what: string,
  cause: unknown,
  advice = 'check its path and rights',
): RenormError {
  return new RenormError(code, `${what} cannot be read (${reasonOf(cause)}); ${advice}.`, { cause });
}

/** The gRPC status number under which a code travels. */
export function grpcStatusOf(code: ErrorCode): GrpcStatus {
  return ERROR_CODES[code].status;
}

/** What a gRPC client reports about a failed call: a status number and the text that the server sent. */
export interface GrpcFailure {
  readonly code: number;
  readonly details: string;
  /** Trailers. */
  readonly metadata?: { get(name: string): readonly unknown[] };
}

/** The trailer in which gRPC lets a server say when to come back (gRFC A6): whole milliseconds. */
export const COME_BACK_TRAILER = 'grpc-retry-pushback-ms';

const LEADING_CODE = /^([A-Z]+(?:_[A-Z]+)*): /;

/**
 * Gives the error behind a failed call its name back: the code that leads the server's text, else the nearest code of
 * the status. Anything that is not a failed call comes out as CLOUD_FAILED with the value as its cause.
 */
export function errorFromGrpc(failure: unknown): RenormError {
  if (failure instanceof RenormError) return failure;
  if (!isGrpcFailure(failure))
    return new RenormError('CLOUD_FAILED', `the call failed: ${String(failure)}`, { cause: failure });
  const leading = LEADING_CODE.exec(failure.details);
  if (leading !== null && isErrorCode(leading[1])) {
    const comeBackMs = comeBackOf(failure);
    const options = { cause: failure, ...(comeBackMs !== undefined && { comeBackMs }) };
    return new RenormError(leading[1], failure.details.slice(leading[0].length), options);
  }
  const code = codeOfStatus(failure);
  return new RenormError(code, `${failure.details || 'no details'} (gRPC status ${failure.code}).`, { cause: failure });
}

function comeBackOf({ metadata }: GrpcFailure): number | undefined {
  const given = metadata?.get(COME_BACK_TRAILER)[0];
  return typeof given === 'string' && /^\d{1,10}$/.test(given) ? Number(given) : undefined;
}

function codeOfStatus({ code, details }: GrpcFailure): ErrorCode {
  switch (code) {
    case GrpcStatus.Unavailable:
    case GrpcStatus.DeadlineExceeded:
      return 'CLOUD_UNREACHABLE';
    case GrpcStatus.Cancelled:
      return 'CLOSED';
    case GrpcStatus.ResourceExhausted:
      // grpc-js reports a message over the size limit under the status of an exhausted budget.
      return /larger than/.test(details) ? 'MESSAGE_TOO_LARGE' : 'BUDGET_EXHAUSTED';
    case GrpcStatus.Unauthenticated:
      return 'UNAUTHENTICATED';
    case GrpcStatus.PermissionDenied:
      return 'PERMISSION_DENIED';
    case GrpcStatus.InvalidArgument:
      return 'REQUEST_INVALID';
    default:
      return 'CLOUD_FAILED';
  }
}

function isErrorCode(text: string | undefined): text is ErrorCode {
  return text !== undefined && Object.hasOwn(ERROR_CODES, text);
}

function isGrpcFailure(value: unknown): value is GrpcFailure {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'number' &&
    'details' in value &&
    typeof value.details === 'string'
  );
}
