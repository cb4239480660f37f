import { type Ed25519, KEY_LENGTH, SIGNATURE_LENGTH, webEd25519 } from '@renorm/protocol';

/** The public key of RFC 8032, 7.1, test 1. */
const KEY_OF_RFC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

/**
 * Ed25519 of the browser: Chromium from 137, Firefox from 129, Safari from 17. For older ones @noble/ed25519, which is
 * loaded then alone: audited, without dependencies, and it does nothing else, where @noble/curves holds twenty curves.
 */
export async function openEd25519(): Promise<Ed25519> {
  const key = Uint8Array.from(KEY_OF_RFC.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  try {
    await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
    return webEd25519;
  } catch {
    return nobleEd25519();
  }
}

/** The same in JavaScript. */
export async function nobleEd25519(): Promise<Ed25519> {
  const { getPublicKeyAsync, signAsync, verifyAsync } = await import('@noble/ed25519');
  return {
    async verify(publicKey, message, signature) {
      if (publicKey.length !== KEY_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
      // As RFC 8032 has it, and WebCrypto: ZIP 215 would take more signatures.
      return verifyAsync(signature, message, publicKey, { zip215: false }).catch(() => false);
    },
    sign: (secretKey, message) => signAsync(message, secretKey),
    publicKeyOf: (secretKey) => getPublicKeyAsync(secretKey),
  };
}
