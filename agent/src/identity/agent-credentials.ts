import { type KeyObject, X509Certificate } from 'node:crypto';
import { Secret } from '@penstock/config-schema';
import { type AgentIdentity, readAgentIdentity } from '@penstock/wire';
import { keyToPem } from './agent-key.ts';
import { IdentityError } from './identity-error.ts';

/** The agent's identity with the key and the certificate that prove it to the gateway. */
export type AgentCredentials = AgentIdentity & {
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** PEM: the leaf certificate, then the CA that signed it. */
  readonly certificate: string;
  /** PKCS #8 PEM. */
  readonly key: Secret;
};

/** Combines a key with its certificate chain. Throws IdentityError `certificate-rejected` when they do not match. */
export function agentCredentials(key: KeyObject, chain: readonly string[]): AgentCredentials {
  const [certificate, issuer] = parse(chain);
  if (!certificate.checkPrivateKey(key)) throw rejected('is for another key');
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
    throw rejected('is not signed by the CA that was sent with it');
  }
  const identity = readAgentIdentity(certificate);
  if (identity === undefined) throw rejected('does not name an agent');
  return {
    ...identity,
    notBefore: certificate.validFromDate.getTime(),
    certificate: chain.join(''),
    key: new Secret(keyToPem(key)),
  };
}

function parse([certificate, issuer]: readonly string[]): [X509Certificate, X509Certificate] {
  if (certificate === undefined || issuer === undefined) throw rejected('came without the CA that signed it');
  try {
    return [new X509Certificate(certificate), new X509Certificate(issuer)];
  } catch (cause) {
    throw rejected('cannot be parsed', cause);
  }
}

const rejected = (reason: string, cause?: unknown) =>
  new IdentityError(
    'certificate-rejected',
    `The agent's certificate ${reason}, so it is not used. If the gateway sent it, check that gateway.url names a ` +
      'penstock-gateway and that no device in between modifies its answers.',
    { cause },
  );
