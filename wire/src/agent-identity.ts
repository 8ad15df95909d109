import { X509Certificate } from 'node:crypto';

/** What an agent's certificate says. */
export type AgentIdentity = {
  readonly agentId: string;
  readonly name: string;
  readonly pool: string;
  readonly organization: string;
  /** Upper-case hexadecimal. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
};

/** The URI that names an agent in its certificate (RFC 5280 section 4.2.1.6). */
export function agentUri({
  organization,
  pool,
  agentId,
}: Pick<AgentIdentity, 'organization' | 'pool' | 'agentId'>): string {
  const [host, poolPart, agentPart] = [organization, pool, agentId].map(encodePart);
  return `penstock://${host}/pools/${poolPart}/agents/${agentPart}`;
}

/** RFC 3986 section 2.1; the five too that encodeURIComponent leaves, as node:crypto puts some of them in quotes. */
function encodePart(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (symbol) => `%${symbol.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const SUBJECT_ALT_NAME = /^URI:penstock:\/\/([^/,\s]+)\/pools\/([^/,\s]+)\/agents\/([^/,\s]+)$/;
const COMMON_NAME = /^CN=(.+)$/m;

/**
 * What an agent certificate states, or undefined when it is not one. It says nothing of who signed it, whether
 * it has expired or was revoked: only call it for a certificate that TLS has checked against `Authority.caPem`.
 */
export function readAgentIdentity(certificate: Buffer | X509Certificate): AgentIdentity | undefined {
  const x509 = certificate instanceof X509Certificate ? certificate : parse(certificate);
  if (x509 === undefined) return undefined;
  const uri = SUBJECT_ALT_NAME.exec(x509.subjectAltName ?? '');
  const name = COMMON_NAME.exec(x509.subject)?.[1];
  const [organization, pool, agentId] = (uri?.slice(1) ?? []).map(decode);
  if (organization === undefined || pool === undefined || agentId === undefined || name === undefined) {
    return undefined;
  }
  return {
    agentId,
    name,
    pool,
    organization,
    serial: x509.serialNumber.toUpperCase(),
    notAfter: x509.validToDate.getTime(),
  };
}

function parse(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
