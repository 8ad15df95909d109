import { type KeyObject, X509Certificate } from 'node:crypto';
import { Secret } from '@penstock/config-schema';
import { keyToPem } from './agent-key.ts';
import { IdentityError } from './identity-error.ts';

/** Who this agent is, and what proves it to the gateway. */
export type AgentIdentity = {
  readonly agentId: string;
  readonly name: string;
  readonly pool: string;
  readonly organization: string;
  /** Upper-case hexadecimal. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** PEM: the certificate, then the CA that signed it. */
  readonly certificate: string;
  /** PKCS #8 PEM. */
  readonly key: Secret;
};

const AGENT_URI = /^URI:penstock:\/\/([^/,\s]+)\/pools\/([^/,\s]+)\/agents\/([^/,\s]+)$/;
const COMMON_NAME = /^CN=(.+)$/m;

/** Puts a key and its certificate chain together. Throws IdentityError `certificate-refused` when they do not fit. */
export function agentIdentity(key: KeyObject, chain: readonly string[]): AgentIdentity {
  const [certificate, issuer] = parse(chain);
  if (!certificate.checkPrivateKey(key)) throw refused('is for another key');
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
    throw refused('is not signed by the CA that came with it');
  }
  const uri = AGENT_URI.exec(certificate.subjectAltName ?? '');
  const [organization, pool, agentId] = (uri?.slice(1) ?? []).map(decode);
  const name = COMMON_NAME.exec(certificate.subject)?.[1];
  if (organization === undefined || pool === undefined || agentId === undefined || name === undefined) {
    throw refused('does not name an agent');
  }
  return {
    agentId,
    name,
    pool,
    organization,
    serial: certificate.serialNumber.toUpperCase(),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    certificate: chain.join(''),
    key: new Secret(keyToPem(key)),
  };
}

function parse([certificate, issuer]: readonly string[]): [X509Certificate, X509Certificate] {
  if (certificate === undefined || issuer === undefined) throw refused('came without the CA that signed it');
  try {
    return [new X509Certificate(certificate), new X509Certificate(issuer)];
  } catch (cause) {
    throw refused('is not a certificate', cause);
  }
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

const refused = (why: string, cause?: unknown) =>
  new IdentityError(
    'certificate-refused',
    `The agent's certificate ${why}. It is not used. If the gateway sent it, check that gateway.url names a ` +
      'penstock-gateway and nothing in between changes its answers.',
    { cause },
  );
