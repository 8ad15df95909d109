import { createHash, type X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import { GatewayError } from './gateway-error.ts';

/** A chain is short; one that is not, or that runs in a circle, is not followed further. */
const LONGEST_CHAIN = 8;
/** Extended key usage serverAuth, id-kp-serverAuth. */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export type Trust = {
  /** `sha256/…=`: SHA-256 of the subject public key info (RFC 7469 section 2.4) of the gateway or a CA above it. */
  readonly pins: readonly string[];
  /** `system`: the chain must also be valid by the host's certificate authorities; `pins`: the pins decide alone. */
  readonly trust: 'system' | 'pins';
  readonly host: string;
};

/** The certificate pin of a certificate. */
export function certificatePin(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

/**
 * Decides whether what answered is the gateway. Called on a connected socket before its first byte is written;
 * throws GatewayError, whose message names the certificate presented, since the usual cause is a device in
 * between that terminates TLS. Not left to checkServerIdentity, which Node skips on a chain it has rejected.
 */
export function checkGateway(socket: TLSSocket, { pins, trust, host }: Trust): void {
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) throw new GatewayError('GATEWAY_TLS_FAILED', `${host} presented no certificate.`);
  const chain = signedChain(leaf);
  const pinned = chain.findIndex((certificate) => pins.includes(certificatePin(certificate)));
  if (pinned === -1) {
    throw new GatewayError(
      'GATEWAY_PIN_MISMATCH',
      `${host} presented ${certificatePin(leaf)}, issued by ${oneLine(leaf.issuer)}; pinned are ${pins.join(', ')}. ` +
        'If that issuer is a proxy or firewall of yours that inspects TLS, exempt this host from inspection; ' +
        'if the gateway has a new key, add its pin to gateway.pins.',
    );
  }
  if (trust === 'system' && !socket.authorized) {
    throw new GatewayError(
      'GATEWAY_CERTIFICATE_INVALID',
      `${host}: ${socket.authorizationError?.toString() ?? 'not trusted by this host'}, issued by ${oneLine(leaf.issuer)}. ` +
        "Add the CA to this host's trust store (or NODE_EXTRA_CA_CERTS), or set gateway.trust to pins.",
    );
  }
  // A pinned leaf names the gateway by itself; a pinned CA may have signed other names, and other uses, too.
  if (trust === 'system' || pinned > 0) checkName(socket, host);
  if (trust === 'system') checkDates(leaf, host);
  else if (pinned > 0) {
    // Node has not asked the host's authorities here, so nothing else has looked at the way up to the pin.
    for (const certificate of chain.slice(0, pinned + 1)) checkDates(certificate, host);
    checkServerUse(leaf, host);
  }
}

/** The presented certificates from the leaf up, as far as each has really signed the one before. */
function signedChain(leaf: X509Certificate): X509Certificate[] {
  const chain = [leaf];
  let child = leaf;
  while (chain.length < LONGEST_CHAIN) {
    const parent = child.issuerCertificate;
    if (parent === undefined || parent.fingerprint256 === child.fingerprint256) break;
    if (!parent.ca || !child.checkIssued(parent) || !child.verify(parent.publicKey)) break;
    chain.push(parent);
    child = parent;
  }
  return chain;
}

function checkDates(certificate: X509Certificate, host: string): void {
  const now = Date.now();
  const { validFrom, validTo, validFromDate, validToDate } = certificate;
  if (now >= validFromDate.getTime() && now <= validToDate.getTime()) return;
  throw new GatewayError(
    'GATEWAY_CERTIFICATE_INVALID',
    `${host}: the certificate of ${oneLine(certificate.subject)} is valid from ${validFrom} to ${validTo}, and ` +
      `this host's clock says ${new Date(now).toUTCString()}. Renew the certificate, or correct the clock.`,
  );
}

/** A certificate that says what it is for must be for a server (RFC 5280 section 4.2.1.12). */
function checkServerUse(leaf: X509Certificate, host: string): void {
  // Node gives the extended key usage by this name, as identifiers.
  const uses: readonly string[] | undefined = leaf.keyUsage;
  if (uses === undefined || uses.includes(SERVER_AUTH)) return;
  throw new GatewayError(
    'GATEWAY_CERTIFICATE_INVALID',
    `${host} presented a certificate that is not for a server (extended key usage ${uses.join(', ')}). ` +
      'Give the gateway a certificate with the usage serverAuth.',
  );
}

function checkName(socket: TLSSocket, host: string): void {
  const problem = checkServerIdentity(host, socket.getPeerCertificate() as PeerCertificate);
  if (problem !== undefined) throw new GatewayError('GATEWAY_CERTIFICATE_INVALID', problem.message);
}

const oneLine = (distinguishedName: string) => distinguishedName.split('\n').join(', ');
