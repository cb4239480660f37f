/** Ed25519 (RFC 8032), as the platform offers it. */
export interface Ed25519 {
  /** Whether `signature` is right; false for a key or a signature of the wrong length too. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** @param secretKey the seed, 32 bytes @returns 64 bytes */
  sign(secretKey: Uint8Array, message: Uint8Array): Promise<Uint8Array>;
  /** The public key of a seed, 32 bytes. */
  publicKeyOf(secretKey: Uint8Array): Promise<Uint8Array>;
}

export const KEY_LENGTH = 32;
export const SIGNATURE_LENGTH = 64;

/**
 * What PKCS #8 puts before the 32 bytes of an Ed25519 seed (RFC 8410): WebCrypto imports secret keys in no rawer form.
 */
const PKCS8_PREFIX = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]);

/** Ed25519 by WebCrypto: Node 20, browsers since 2025, Deno, Bun. */
export const webEd25519: Ed25519 = {
  async verify(publicKey, message, signature) {
    if (publicKey.length !== KEY_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
    const key = await crypto.subtle
      .importKey('raw', owned(publicKey), 'Ed25519', false, ['verify'])
      .catch(() => undefined);
    return key !== undefined && crypto.subtle.verify('Ed25519', key, owned(signature), owned(message));
  },
  async sign(secretKey, message) {
    const key = await importSecret(secretKey, false);
    return new Uint8Array(await crypto.subtle.sign('Ed25519', key, owned(message)));
  },
  async publicKeyOf(secretKey) {
    const { x = '' } = await crypto.subtle.exportKey('jwk', await importSecret(secretKey, true));
    return Uint8Array.from(atob(x.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  },
};

/** A new seed. */
export function randomSecretKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(KEY_LENGTH));
}

function importSecret(secretKey: Uint8Array, extractable: boolean) {
  return crypto.subtle.importKey('pkcs8', Uint8Array.of(...PKCS8_PREFIX, ...secretKey), 'Ed25519', extractable, [
    'sign',
  ]);
}

/** A copy whose buffer is surely not shared, as WebCrypto's types ask for. */
const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
