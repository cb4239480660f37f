import { test } from 'tap';
import { isClusterUrl, parseClusterUrl, withoutSecrets } from './address.js';

test('a store is named by servers, a name and a few options, or refused with what is wrong', async (t) => {
  t.match(parseClusterUrl('nats://a:4222,b:4222'), {
    servers: ['a:4222', 'b:4222'],
    name: 'renorm',
    replicas: 1,
    tls: false,
  });
  t.match(parseClusterUrl('tls://me:s%40y@a/shop?replicas=3&credentials=/c.creds'), {
    ...{ servers: ['a'], name: 'shop', replicas: 3, tls: true, user: 'me', password: 's@y', credentials: '/c.creds' },
  });
  for (const [url, why] of [
    ['nats://', /names no server/],
    ['nats://a/x.y', /letters, digits/],
    ['nats://a/x?replicas=2', /replicas is one of 1, 3, 5/],
    ['nats://a/x?replica=3', /no option "replica"/],
  ] as const)
    t.throws(() => parseClusterUrl(url), { code: 'REQUEST_INVALID', message: why });
  t.equal(withoutSecrets('nats://me:secret@a:1/x'), 'nats://a:1/x');
  t.equal(isClusterUrl('nats://a'), true);
  t.equal(isClusterUrl('./nats'), false);
});
