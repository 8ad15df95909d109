import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type AgentCredentials, agentCredentials } from './agent-credentials.ts';
import { keyToPem } from './agent-key.ts';

/**
 * The content of a file with the key and, once the gateway has answered, the certificate chain. A single file allows one
 * rename to replace both, so no reader ever combines a key with the certificate of another key.
 */
export type KeyFile = { readonly key: KeyObject; readonly credentials: AgentCredentials | undefined };

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----\r?\n?/g;

/** Every certificate in a PEM text, as separate PEM texts. */
export function certificatesIn(pem: string): string[] {
  return blocks(pem, 'CERTIFICATE');
}

/** Parses a key file. Throws TypeError, IdentityError or an error of node:crypto when the text is not one. */
export function parseKeyFile(text: string): KeyFile {
  const [key, ...more] = blocks(text, 'PRIVATE KEY');
  if (key === undefined || more.length > 0) throw new TypeError('not one private key');
  const privateKey = createPrivateKey(key);
  const chain = certificatesIn(text);
  return {
    key: privateKey,
    credentials: chain.length === 0 ? undefined : agentCredentials(privateKey, chain),
  };
}

export function formatKeyFile(key: KeyObject, chain: readonly string[]): string {
  return keyToPem(key) + chain.join('');
}

function blocks(pem: string, label: string): string[] {
  return [...pem.matchAll(BLOCK)]
    .filter((match) => match[1] === label)
    .map(([text]) => (text.endsWith('\n') ? text : `${text}\n`));
}
