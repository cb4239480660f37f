import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type TLSSocket } from 'node:tls';
import { startCloud } from '@renorm/cloud';
import { openDevice } from '@renorm/edge/node';
import { type Test, test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';

type Certificates = Record<
  'AUTHORITY' | 'FIRST_CERTIFICATE' | 'FIRST_KEY' | 'SECOND_CERTIFICATE' | 'SECOND_KEY',
  string
>;
const made = (await import(repositoryPath('packages/cloud/dist/gateway/certificates.test-support.js'))) as Certificates;
const edgeModel = repositoryPath('models/fashion-edge.onnx');

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error(`waited 30 s for: ${what}`);
}

/** Files in a folder, replaced as a certificate manager does it. */
async function folder(t: Test) {
  const at = await mkdtemp(join(tmpdir(), 'renorm-tls-'));
  t.teardown(() => rm(at, { recursive: true, force: true }));
  return async (name: string, text: string): Promise<string> => {
    const path = join(at, name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return path;
  };
}

const deviceWith = (cloud: string, tls: { authority: string; certificate: string; key: string }) =>
  openDevice({ model: edgeModel, cloud, cohort: 'lobby', tls, backoff: { initialMs: 100, maxMs: 300 } });

test('mutual TLS from the device to the cloud, and an authority that is replaced without a restart', async (t) => {
  const write = await folder(t);
  const files = {
    certificate: await write('cloud.crt', made.FIRST_CERTIFICATE),
    key: await write('cloud.key', made.FIRST_KEY),
    clientAuthority: await write('clients.crt', made.AUTHORITY),
  };
  const cloud = await startCloud({
    ...{ edgeModel, foundationModel: repositoryPath('models/fashion-foundation.onnx'), port: 0, tls: files },
    data: await mkdtemp(join(tmpdir(), 'renorm-tls-data-')),
  });
  t.teardown(() => cloud.close());
  const device = await deviceWith(cloud.address, {
    authority: await write('ca.crt', made.SECOND_CERTIFICATE),
    certificate: await write('device.crt', made.SECOND_CERTIFICATE),
    key: await write('device.key', made.SECOND_KEY),
  });
  t.teardown(() => device.close());
  await until('the cloud is not believed', () => device.status().lastError?.code === 'CLOUD_UNREACHABLE');
  await write('ca.crt', made.AUTHORITY);
  await until('connected', () => device.status().connected);
});

test('a device shows its new certificate once both files of the pair are there', async (t) => {
  const write = await folder(t);
  const shown: string[] = [];
  const sockets = new Set<TLSSocket>();
  const server = createServer(
    {
      ...{ cert: made.FIRST_CERTIFICATE, key: made.FIRST_KEY, ca: made.AUTHORITY },
      ...{ requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
    },
    (socket) => {
      shown.push(String(socket.getPeerCertificate().subject.CN));
      sockets.add(socket);
      socket.on('error', () => undefined);
      // No cloud: every connection ends, and the device opens another.
      setTimeout(() => socket.destroy(), 50);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const device = await deviceWith(`127.0.0.1:${port}`, {
    authority: await write('ca.crt', made.AUTHORITY),
    certificate: await write('device.crt', made.FIRST_CERTIFICATE),
    key: await write('device.key', made.FIRST_KEY),
  });
  t.teardown(() => device.close());
  await until('the first', () => shown.includes('first'));
  await write('device.crt', made.SECOND_CERTIFICATE);
  await sleep(2500);
  await write('device.key', made.SECOND_KEY);
  await until('the second', () => shown.at(-1) === 'second');
  t.same(new Set(shown), new Set(['first', 'second']));
});

test('a device with TLS at a cloud without it, and the reverse, hear which side is to change', async (t) => {
  const write = await folder(t);
  const authority = await write('ca.crt', made.AUTHORITY);
  const tls = {
    certificate: await write('cloud.crt', made.FIRST_CERTIFICATE),
    key: await write('cloud.key', made.FIRST_KEY),
  };
  const cases = [
    { ofCloud: {}, ofDevice: { tls: { authority } }, says: /speaks without TLS/ },
    { ofCloud: { tls }, ofDevice: {}, says: /this cloud speaks TLS/ },
  ];
  for (const { ofCloud, ofDevice, says } of cases) {
    const cloud = await startCloud({
      ...{ edgeModel, strategy: 'statistics', port: 0, roles: ['gateway'], ...ofCloud },
      data: await mkdtemp(join(tmpdir(), 'renorm-tls-data-')),
    });
    t.teardown(() => cloud.close());
    const device = await openDevice({ model: edgeModel, cloud: cloud.address, cohort: 'lobby', ...ofDevice });
    t.teardown(() => device.close());
    await until(String(says), () => device.status().lastError?.code === 'TLS_MISMATCH');
    t.match(device.status().lastError?.message, says);
  }
});

test('an authority that is no certificate, and keys and tokens that others can read, are not taken', async (t) => {
  const write = await folder(t);
  const open = (options: object) => openDevice({ model: edgeModel, cloud: 'localhost:1', cohort: 'lobby', ...options });
  const junk = await write('junk.crt', 'junk');
  await t.rejects(open({ tls: { authority: junk } }), { code: 'CREDENTIALS_UNREADABLE', message: junk });
  const certificate = await write('device.crt', made.FIRST_CERTIFICATE);
  const key = await write('device.key', made.FIRST_KEY);
  const authority = await write('ca.crt', made.AUTHORITY);
  const other = await write('other.key', made.SECOND_KEY);
  await t.rejects(open({ tls: { authority, certificate, key: other } }), { code: 'CREDENTIALS_UNREADABLE' });
  await chmod(key, 0o644);
  await t.rejects(open({ tls: { authority, certificate, key } }), { code: 'CREDENTIALS_EXPOSED', message: key });
  await t.rejects(open({ token: 'two words' }), { code: 'CREDENTIALS_UNREADABLE', message: /position 4/ });
});
