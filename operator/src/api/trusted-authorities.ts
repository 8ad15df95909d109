import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CommandError, exitCodes, type Io, trustHostAuthorities } from '@penstock/terminal';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Makes this process trust the certificate authorities of the host and of the file in PENSTOCK_CA. Rejects with CommandError if
 * the file contains no valid certificate.
 */
export async function trustAuthorities({ environment }: Pick<Io, 'environment'>): Promise<void> {
  const file = environment['PENSTOCK_CA']?.trim();
  const own = file ? authoritiesOf(file) : [];
  for (const certificate of own) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw new CommandError(`PENSTOCK_CA: ${file} contains an invalid certificate.`, {
        cause,
        exitCode: exitCodes.usage,
      });
    }
  }
  await trustHostAuthorities(environment, own);
}

function authoritiesOf(file: string): readonly string[] {
  const suggestion = 'Set it to a PEM file with the certificates of the CA, or unset PENSTOCK_CA.';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const options = { cause, suggestion, exitCode: exitCodes.usage };
    throw new CommandError(`PENSTOCK_CA: ${file} cannot be read.`, options);
  }
  const found = text.match(CERTIFICATE);
  if (found !== null) return found;
  throw new CommandError(`PENSTOCK_CA: ${file} contains no certificate.`, {
    suggestion,
    exitCode: exitCodes.usage,
  });
}
