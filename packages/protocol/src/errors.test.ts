import { test } from 'tap';
import {
  COME_BACK_TRAILER,
  ERROR_CODES,
  type ErrorCode,
  errorFromGrpc,
  grpcStatusOf,
  RenormError,
  reasonOf,
  unreadable,
} from './errors.js';

test('the message leads with the code and keeps the cause', async (t) => {
  const cause = new Error('below');
  const error = new RenormError('DISK_FULL', 'the log cannot grow; free space.', { cause });
  t.equal(error.message, 'DISK_FULL: the log cannot grow; free space.');
  t.equal(error.cause, cause);
});

test('every code crosses gRPC and comes back as itself', async (t) => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const sent = new RenormError(code, 'what happened.');
    const back = errorFromGrpc({ code: grpcStatusOf(code), details: sent.message });
    t.equal(back.code, code);
    t.equal(back.message, sent.message);
  }
});

test('an answer without a code gets the nearest one', async (t) => {
  const codeFor = (code: number, details = ''): ErrorCode => errorFromGrpc({ code, details }).code;
  t.equal(codeFor(14, 'No connection established'), 'CLOUD_UNREACHABLE');
  t.equal(codeFor(4, 'Deadline exceeded'), 'CLOUD_UNREACHABLE');
  t.equal(codeFor(8), 'BUDGET_EXHAUSTED');
  t.equal(codeFor(8, 'Received message larger than max (5000000 vs 4194304)'), 'MESSAGE_TOO_LARGE');
  t.equal(codeFor(12), 'CLOUD_FAILED');
  t.equal(codeFor(2, 'NOT_A_CODE: text'), 'CLOUD_FAILED');
  t.equal(codeFor(2, 'toString: text'), 'CLOUD_FAILED');
});

test('anything else is a failure of the cloud, with its cause', async (t) => {
  const error = errorFromGrpc('boom');
  t.equal(error.code, 'CLOUD_FAILED');
  t.equal(error.cause, 'boom');
});

test('a server may say when to come back', async (t) => {
  const comeBack = (value: unknown) => {
    const metadata = { get: (name: string) => (name === COME_BACK_TRAILER ? [value] : []) };
    return errorFromGrpc({ code: 8, details: 'BUDGET_EXHAUSTED: wait.', metadata }).comeBackMs;
  };
  t.equal(comeBack('1500'), 1500);
  for (const strange of [undefined, '-1', '1.5', '99999999999', 'soon']) t.equal(comeBack(strange), undefined);
});

test('an error knows its text without the code', async (t) => {
  const error = new RenormError('DISK_FULL', 'the disk is full; make room.');
  t.equal(error.text, 'the disk is full; make room.');
  t.equal(error.message, 'DISK_FULL: the disk is full; make room.');
});

test('a file that cannot be read is named with what it is, why, and what to do', async (t) => {
  const cause = new Error("ENOENT: no such file or directory, open '/nowhere'");
  const error = unreadable('CREDENTIALS_UNREADABLE', 'the token file /nowhere', cause);
  t.equal(
    error.message,
    `CREDENTIALS_UNREADABLE: the token file /nowhere cannot be read (${cause.message}); check its path and rights.`,
  );
  t.equal(error.cause, cause);
  t.equal(reasonOf('thrown without an Error'), 'thrown without an Error');
});
