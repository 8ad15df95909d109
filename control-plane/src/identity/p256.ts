import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';

export const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const P256_SHA256 = { name: 'ECDSA', hash: 'SHA-256' } as const;

export type P256KeyPair = { readonly keys: webcrypto.CryptoKeyPair; readonly pem: string };

/** Creates a key, as CryptoKeys and as PKCS #8 PEM. */
export async function createKey(): Promise<P256KeyPair> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  });
  return { keys, pem: pem.toString() };
}

/** Reads a key from PEM. Throws if it is not a P-256 private key. */
export function readKey(pem: string): P256KeyPair {
  const privateKey = createPrivateKey(pem);
  const keys = {
    privateKey: privateKey.toCryptoKey(P256, false, ['sign']),
    publicKey: createPublicKey(privateKey).toCryptoKey(P256, true, ['verify']),
  };
  return { keys, pem };
}
