import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CommandError, exitCodes, type Io } from '@penstock/terminal';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Lets this process trust the authorities of its host, beside those of Node, and those of the file that PENSTOCK_CA
 * names. Throws CommandError when that file holds none.
 */
export function trustAuthorities({ environment }: Pick<Io, 'environment'>): void {
  const file = environment['PENSTOCK_CA'];
  const own = file ? authoritiesOf(file) : [];
  try {
    setDefaultCACertificates([...getCACertificates('default'), ...getCACertificates('system'), ...own]);
  } catch (cause) {
    throw new CommandError(`PENSTOCK_CA: ${file} holds a certificate that cannot be read.`, {
      cause,
      exitCode: exitCodes.usage,
    });
  }
}

function authoritiesOf(file: string): readonly string[] {
  const suggestion = 'Name a file with the certificates of the CA as PEM, or unset PENSTOCK_CA.';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const options = { cause, suggestion, exitCode: exitCodes.usage };
    throw new CommandError(`PENSTOCK_CA: ${file} cannot be read.`, options);
  }
  const found = text.match(CERTIFICATE);
  if (found !== null) return found;
  throw new CommandError(`PENSTOCK_CA: ${file} holds no certificate.`, {
    suggestion,
    exitCode: exitCodes.usage,
  });
}
