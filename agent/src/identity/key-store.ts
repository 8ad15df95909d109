import { join } from 'node:path';
import {
  openPrivateDirectory,
  readPrivateFile,
  removePrivateFile,
  replacePrivateFile,
  writePrivateFile,
} from '@penstock/runtime';
import type { IssuedIdentity } from '@penstock/wire';
import { type AgentCredentials, agentCredentials } from './agent-credentials.ts';
import { certificateRequest, makeAgentKey } from './agent-key.ts';
import { currentFileIn, parseCurrentFile } from './current-file.ts';
import { IdentityError } from './identity-error.ts';
import { certificatesIn, formatKeyFile, type KeyFile, parseKeyFile } from './key-file.ts';

/**
 * The agent's keys and certificates on disk. `current` has carried a session; `next` is to replace it and has not
 * carried one yet. Every step is a single rename, so a crash leaves the state before or after it. All methods throw
 * IdentityError or PrivateFileError.
 */
export type KeyStore = {
  /** The credentials to connect with, or undefined before the first enrollment. */
  current(): Promise<AgentCredentials | undefined>;
  /** Credentials that were received and have not been promoted, or undefined. */
  next(): Promise<AgentCredentials | undefined>;
  /**
   * Creates the next key, or reuses one whose certificate was never received, and returns a certificate request for it.
   * With `key` set to `current`, the request is for the key in use, as enrolling again requires.
   */
  prepare(name: string, key?: 'new' | 'current'): Promise<{ readonly csr: string }>;
  /** Stores the certificate that the gateway issued for the next key, after checking that they match. */
  stage(issued: IssuedIdentity): Promise<AgentCredentials>;
  /** Makes the next credentials current. Call it after a session was established with them. */
  promote(): Promise<AgentCredentials>;
  /** Deletes the next key and certificate. */
  discardNext(): Promise<void>;
};

/**
 * Opens the identity directory and creates it if it does not exist. Throws PrivateFileError when other users can read
 * it.
 */
export async function openKeyStore(directory: string): Promise<KeyStore> {
  const currentFile = currentFileIn(directory);
  const nextFile = join(directory, 'next.pem');
  await openPrivateDirectory(directory, 'identity.directory');

  const readCurrent = async (): Promise<KeyFile | undefined> => {
    const text = await readPrivateFile(currentFile);
    return text === undefined ? undefined : parseCurrentFile(currentFile, text);
  };

  /** A next file that cannot be read or parsed is created again, because its key was never in use. */
  const readNext = async (): Promise<KeyFile | undefined> => {
    try {
      const text = await readPrivateFile(nextFile);
      return text === undefined ? undefined : parseKeyFile(text);
    } catch {
      return undefined;
    }
  };

  const keyFor = async (wanted: 'new' | 'current') => {
    const current = wanted === 'current' ? await readCurrent() : undefined;
    const next = await readNext();
    if (current === undefined) {
      return { key: next?.key ?? (await makeAgentKey()), isStored: next !== undefined };
    }
    return { key: current.key, isStored: next?.key.equals(current.key) ?? false };
  };

  return {
    current: async () => (await readCurrent())?.credentials,

    next: async () => (await readNext())?.credentials,

    async prepare(name, wanted = 'new') {
      const { key, isStored } = await keyFor(wanted);
      if (!isStored) await writePrivateFile(nextFile, formatKeyFile(key, []));
      return { csr: await certificateRequest(key, name) };
    },

    async stage(issued) {
      const next = await readNext();
      if (next === undefined) throw missing('There is no next key to store a certificate for', directory);
      const chain = certificatesIn(issued.certificateChain);
      const credentials = agentCredentials(next.key, chain);
      await writePrivateFile(nextFile, formatKeyFile(next.key, chain));
      return credentials;
    },

    async promote() {
      const credentials = (await readNext())?.credentials;
      if (credentials === undefined) throw missing('There is no next identity to promote', directory);
      await replacePrivateFile(currentFile, nextFile);
      return credentials;
    },

    discardNext: () => removePrivateFile(nextFile),
  };
}

const missing = (what: string, directory: string) =>
  new IdentityError('missing', `${what} in ${directory}. Enroll or renew first.`);
