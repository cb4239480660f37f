import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * Checks that bytes are certificates in PEM. OpenSSL takes a file without any in silence, and then trusts nobody.
 *
 * @throws Error saying what is wrong, for a message that names the file
 */
export function checkCertificates(pem: Uint8Array): void {
  const text = Buffer.from(pem).toString('latin1');
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) throw new Error('it holds no certificate in PEM');
  const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (begun > blocks.length) throw new Error(`its certificate ${blocks.length + 1} is cut short`);
  for (const [i, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw new Error(`its certificate ${i + 1} is damaged`, { cause });
    }
  }
}
