import { fromBinary, VersionSchema } from '@renorm/protocol';
import { type Case, expect, Skip } from '../case.js';
import { requestOf } from './announce-cases.js';
import type { ServerContext } from './context.js';
import { answered, refused, shown } from './expectations.js';
import { framed } from './frames.js';
import { RawConnection } from './raw-connection.js';
import { METHODS } from './wire.js';

const group = 'Trust';
const UNAUTHENTICATED = 16;

export const TRUST_CASES: readonly Case<ServerContext>[] = [
  {
    id: 'S-70',
    group,
    title: 'versions are signed for the model and the cohort, and have not expired',
    proves: ['T-1', 'T-2', 'T-4', 'T-17'],
    async run(context) {
      if (context.setup.root === undefined) throw new Skip('no root was given (--trust)');
      const peer = context.peer();
      await context.teach(peer, (await context.latest(peer)) + 1);
      const message = await peer.watch(context.watching()).next(20_000);
      expect(message?.signedVersion !== undefined, 'a signed version', 'another message, or none');
      await context.take(context.exported, message);
      const version = fromBinary(VersionSchema, message.signedVersion.message);
      expect(version.expiresAtMs > BigInt(Date.now()), 'an expiry in the future', String(version.expiresAtMs));
    },
  },
  {
    id: 'S-71',
    group,
    title: 'without a token, and with one that nobody has, every method is refused',
    proves: ['C-6', 'C-7'],
    async run(context) {
      const { target } = context.setup;
      if (target.token === undefined) throw new Skip('no token was given (--token-file)');
      const { token: _token, ...bare } = target;
      const [without, wrong] = [context.peer(bare), context.peer({ ...bare, token: 'conformance-no-such-token' })];
      for (const method of METHODS) {
        const request = requestOf(context, method, {});
        refused(await without.call(method, request), `${method} without a token`, 'UNAUTHENTICATED');
        refused(await wrong.call(method, request), `${method} with an unknown token`, 'UNAUTHENTICATED');
      }
    },
  },
  {
    id: 'S-72',
    group,
    title: 'a token lets a device into its own cohort alone',
    proves: ['C-8'],
    async run(context) {
      if (context.setup.target.token === undefined) throw new Skip('no token was given (--token-file)');
      const peer = context.peer();
      for (const method of METHODS) {
        const request = requestOf(context, method, { cohort: 'conformance-another-cohort' });
        refused(await peer.call(method, request), `${method} for another cohort`, 'PERMISSION_DENIED');
      }
      answered(await peer.announce(context.announcement()), 'Announce in the own cohort');
    },
  },
  {
    id: 'S-74',
    group,
    title: 'a call without a token is refused before its request has come',
    proves: ['C-14'],
    async run(context) {
      const { target } = context.setup;
      if (target.token === undefined) throw new Skip('no token was given (--token-file)');
      const { token: _token, ...bare } = target;
      const connection = await RawConnection.open(bare);
      try {
        for (const method of METHODS) {
          const status = await connection.statusOfUnfinished(method, framed(context.announcement(), 1_000_000));
          expect(
            status === UNAUTHENTICATED,
            `${method} of which a part came: status 16`,
            () => `status ${status ?? 'none'}`,
          );
        }
      } finally {
        connection.close();
      }
    },
  },
  {
    id: 'S-75',
    group,
    title: 'a page of an origin that the cloud was not told to serve is refused, and so is its question',
    proves: ['C-18'],
    async run(context) {
      const { target } = context.setup;
      if (target.protocol !== 'grpc-web') throw new Skip('it is about pages (--protocol grpc-web)');
      const connection = await RawConnection.open(target);
      const headers = { origin: 'https://conformance-no-such-page.example' };
      const asked = { ...headers, ':method': 'OPTIONS', 'access-control-request-method': 'POST' };
      try {
        const permission = await connection.call('Announce', new Uint8Array(), asked);
        if (permission.httpStatus === 204) throw new Skip('the cloud serves pages of any origin');
        expect(permission.httpStatus === 403, 'HTTP status 403 to a preflight', `${permission.httpStatus}`);
        const end = await connection.call('Announce', framed(context.announcement()), headers);
        expect(end.httpStatus === 403 && end.body.length === 0, 'HTTP status 403 alone', `${end.httpStatus}`);
      } finally {
        connection.close();
      }
    },
  },
  {
    id: 'S-73',
    group,
    title: 'who shows no certificate is not let in',
    proves: ['C-5'],
    async run(context) {
      const { withoutCertificate } = context.setup;
      if (withoutCertificate === undefined) throw new Skip('the cloud asks for no certificates (--tls-certificate)');
      const outcome = await context.peer(withoutCertificate).announce(context.announcement(), { deadlineMs: 5_000 });
      expect(!outcome.ok, 'no connection', () => shown(outcome));
    },
  },
];
