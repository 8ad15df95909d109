import { join } from 'node:path';
import type { IssuedIdentity } from '@penstock/wire';
import { type AgentIdentity, agentIdentity } from './agent-identity.ts';
import { certificateRequest, makeAgentKey } from './agent-key.ts';
import { IdentityError } from './identity-error.ts';
import { certificatesIn, formatKeyFile, type KeyFile, parseKeyFile } from './key-file.ts';
import { PrivateDirectory } from './private-directory.ts';

const CURRENT = 'current.pem';
const NEXT = 'next.pem';

/**
 * The agent's keys and certificates. `current` is what has carried a session; `next` is what shall take its place
 * and has not yet. Every step is one rename, so a crash leaves the state before it or after it. All methods
 * throw IdentityError.
 */
export type KeyStore = {
  /** What to connect with, or undefined before the first enrollment. */
  current(): Promise<AgentIdentity | undefined>;
  /** A certificate that was received and has not been promoted, if there is one. */
  next(): Promise<AgentIdentity | undefined>;
  /**
   * Makes the next key, or takes the one that a lost answer left behind, and returns a request for its certificate.
   * With `key` set to `current` the next certificate is for the key in use, as enrolling again wants it.
   */
  prepare(name: string, key?: 'new' | 'current'): Promise<{ readonly csr: string }>;
  /** Keeps the certificate the gateway sent for the next key, after checking that it is for that key. */
  stage(issued: IssuedIdentity): Promise<AgentIdentity>;
  /** Makes next the current identity; call it when a session was carried by it. */
  promote(): Promise<AgentIdentity>;
  /** Drops the next key and certificate. */
  discardNext(): Promise<void>;
};

/** Opens the identity directory, which is made when it is missing. Throws IdentityError when others can read it. */
export async function openKeyStore(directory: string): Promise<KeyStore> {
  const files = await PrivateDirectory.open(directory);

  const readCurrent = async (): Promise<KeyFile | undefined> => {
    const text = await files.read(CURRENT);
    if (text === undefined) return undefined;
    try {
      return parseKeyFile(text);
    } catch (cause) {
      throw new IdentityError(
        'damaged',
        `${join(directory, CURRENT)} is damaged. Restore it from a backup; or remove it, and the agent enrolls ` +
          'again, for which it needs an enrollment token.',
        { cause },
      );
    }
  };

  /** A next file that cannot be read is no loss: it holds nothing that was ever in use, and is made anew. */
  const readNext = async (): Promise<KeyFile | undefined> => {
    const text = await files.read(NEXT);
    if (text === undefined) return undefined;
    try {
      return parseKeyFile(text);
    } catch {
      return undefined;
    }
  };

  const keyFor = async (wanted: 'new' | 'current') => {
    const current = wanted === 'current' ? await readCurrent() : undefined;
    const next = await readNext();
    if (current === undefined) return { key: next?.key ?? (await makeAgentKey()), kept: next !== undefined };
    return { key: current.key, kept: next?.key.equals(current.key) ?? false };
  };

  return {
    current: async () => (await readCurrent())?.identity,

    next: async () => (await readNext())?.identity,

    async prepare(name, wanted = 'new') {
      const { key, kept } = await keyFor(wanted);
      if (!kept) await files.write(NEXT, formatKeyFile(key, []));
      return { csr: await certificateRequest(key, name) };
    },

    async stage(issued) {
      const next = await readNext();
      if (next === undefined) throw missing('There is no next key to keep a certificate for', directory);
      const chain = certificatesIn(issued.certificateChain);
      const identity = agentIdentity(next.key, chain);
      await files.write(NEXT, formatKeyFile(next.key, chain));
      return identity;
    },

    async promote() {
      const identity = (await readNext())?.identity;
      if (identity === undefined) throw missing('There is no next identity to promote', directory);
      await files.replace(CURRENT, NEXT);
      return identity;
    },

    discardNext: () => files.remove(NEXT),
  };
}

const missing = (what: string, directory: string) =>
  new IdentityError('missing', `${what} in ${directory}. Enroll or renew first.`);
