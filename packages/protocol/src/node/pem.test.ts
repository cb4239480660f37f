import { test } from 'tap';
import { checkCertificates } from './pem.js';

test('what is no certificate in PEM is said to be none', (t) => {
  const bytes = (text: string): Buffer => Buffer.from(text);
  const begin = '-----BEGIN CERTIFICATE-----';
  const end = '-----END CERTIFICATE-----';
  t.throws(() => checkCertificates(bytes('')), /no certificate/);
  t.throws(() => checkCertificates(bytes('junk')), /no certificate/);
  t.throws(() => checkCertificates(Buffer.from([0x30, 0x82, 0x01, 0x0a])), /no certificate/);
  t.throws(() => checkCertificates(bytes(`${begin}\nAAAA\n${end}\n`)), /certificate 1 is damaged/);
  t.throws(() => checkCertificates(bytes(`${begin}\nAAAA\n`)), /no certificate/);
  t.end();
});
