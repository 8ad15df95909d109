import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CommandError, exitCodes, type Io } from '@penstock/terminal';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Makes this process trust the certificate authorities of the host and of the file in PENSTOCK_CA, in addition to those of
 * Node. Throws CommandError if the file contains no certificate.
 */
export function trustAuthorities({ environment }: Pick<Io, 'environment'>): void {
  const file = environment['PENSTOCK_CA'];
  const own = file ? authoritiesOf(file) : [];
  try {
    setDefaultCACertificates([...getCACertificates('default'), ...getCACertificates('system'), ...own]);
  } catch (cause) {
    throw new CommandError(`PENSTOCK_CA: ${file} contains an invalid certificate.`, {
      cause,
      exitCode: exitCodes.usage,
    });
  }
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
