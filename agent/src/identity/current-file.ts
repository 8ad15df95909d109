import { join } from 'node:path';
import type { AgentCredentials } from './agent-credentials.ts';
import { IdentityError } from './identity-error.ts';
import { type KeyFile, parseKeyFile } from './key-file.ts';

/** The file with the key and the certificate in use, in an identity directory. */
export const currentFileIn = (directory: string): string => join(directory, 'current.pem');

/** The content of such a file, which has both. Throws IdentityError. */
export function parseCurrentFile(
  file: string,
  text: string,
): KeyFile & { readonly credentials: AgentCredentials } {
  if (text.trim() === '') throw damaged(file, 'is empty');
  try {
    const { key, credentials } = parseKeyFile(text);
    // The file is written as a whole, so a key without its certificate was truncated.
    if (credentials === undefined)
      throw damaged(file, 'is truncated: it has a key, but no complete certificate');
    return { key, credentials };
  } catch (cause) {
    if (cause instanceof IdentityError && cause.fault === 'damaged') throw cause;
    throw damaged(
      file,
      text.includes('-----BEGIN ') ? 'is damaged' : 'has other content, not an identity',
      cause,
    );
  }
}

const damaged = (file: string, what: string, cause?: unknown) =>
  new IdentityError(
    'damaged',
    `${file} ${what}. Restore it from a backup, or remove it and provide an enrollment token so that the agent ` +
      'enrolls again.',
    { cause },
  );
