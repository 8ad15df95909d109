import { isLoopbackHost } from '@penstock/runtime';
import { SubjectAlternativeNameExtension, X509Certificate } from './x509.ts';

/** Returns the first name or address in a certificate (PEM) that is neither a wildcard nor a loopback host. */
export function firstPublicHost(certificate: string): string | undefined {
  const names =
    new X509Certificate(certificate).getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return names
    .filter(({ type }) => type === 'dns' || type === 'ip')
    .map(({ value }) => value)
    .find((value) => !value.includes('*') && !isLoopbackHost(value));
}
