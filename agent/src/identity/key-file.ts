import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type AgentIdentity, agentIdentity } from './agent-identity.ts';
import { keyToPem } from './agent-key.ts';

/**
 * One file holds the key and, once the gateway has answered, the certificate chain. Both in one file, since one
 * rename then moves them together, and nobody ever reads the key of one and the certificate of another.
 */
export type KeyFile = { readonly key: KeyObject; readonly identity: AgentIdentity | undefined };

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----\r?\n?/g;

/** The certificates in a PEM text, one by one. */
export function certificatesIn(pem: string): string[] {
  return blocks(pem, 'CERTIFICATE');
}

/** Throws when it is not such a file. */
export function parseKeyFile(text: string): KeyFile {
  const [key, ...more] = blocks(text, 'PRIVATE KEY');
  if (key === undefined || more.length > 0) throw new TypeError('not one private key');
  const privateKey = createPrivateKey(key);
  const chain = certificatesIn(text);
  return { key: privateKey, identity: chain.length === 0 ? undefined : agentIdentity(privateKey, chain) };
}

export function formatKeyFile(key: KeyObject, chain: readonly string[]): string {
  return keyToPem(key) + chain.join('');
}

function blocks(pem: string, label: string): string[] {
  return [...pem.matchAll(BLOCK)]
    .filter((match) => match[1] === label)
    .map(([text]) => (text.endsWith('\n') ? text : `${text}\n`));
}
