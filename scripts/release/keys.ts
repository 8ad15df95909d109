import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { publicKeyText, ROOT_THRESHOLD } from '@penstock/release';

export type SigningKey = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** Writes a new Ed25519 key to `file`, for its owner only, and the public key to `file`.pub. Never replaces a file. */
export async function writeNewKey(file: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(file, pem, { mode: 0o600, flag: 'wx' });
  await writeFile(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
}

export async function readSigningKey(file: string): Promise<SigningKey> {
  const privateKey = createPrivateKey(await readFile(file));
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error(`${file} is not an Ed25519 key.`);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** The public keys in a PEM file, as base64 of their SPKI. */
export async function readPublicKeys(file: string): Promise<readonly string[]> {
  const blocks = (await readFile(file, 'utf8')).match(PEM) ?? [];
  return blocks.map((pem) => {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${file} contains a key that is not Ed25519.`);
    return publicKeyText(key);
  });
}

/** The root keys that a build contains. Throws unless there are three, of which two must sign. */
export async function readRootKeyFile(file: string): Promise<readonly string[]> {
  const keys = [...new Set(await readPublicKeys(file))];
  const wanted = ROOT_THRESHOLD + 1;
  if (keys.length !== wanted) {
    throw new Error(
      `${file} contains ${keys.length} different public keys, and a release has ${wanted} root keys.`,
    );
  }
  return keys;
}
