import type { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import { certificatePin } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';

/** Bounds a chain that is unusually long or circular. */
const MAX_CHAIN_LENGTH = 8;
/** Extended key usage serverAuth, id-kp-serverAuth. */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export type Trust = {
  /** Certificate pins (`sha256/…=`) of the gateway's key or the key of a CA above it. */
  readonly pins: readonly string[];
  /** `system`: the chain must also be valid for the host's certificate authorities. `pins`: the pins alone decide. */
  readonly trust: 'system' | 'pins';
  readonly host: string;
};

/**
 * Checks that the peer is the gateway. Call it on a connected socket before the first byte is written. Throws GatewayError,
 * whose message names the presented certificate because the usual cause is a device that terminates TLS. The check is
 * not a `checkServerIdentity` callback because Node does not call it for a chain that it has already rejected.
 */
export function checkGateway(socket: TLSSocket, { pins, trust, host }: Trust): void {
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) throw new GatewayError('GATEWAY_TLS_FAILED', `${host} presented no certificate.`);
  const chain = signedChain(leaf);
  const pinned = chain.findIndex(({ publicKey }) => pins.includes(certificatePin(publicKey)));
  if (pinned === -1) {
    throw new GatewayError(
      'GATEWAY_PIN_MISMATCH',
      `${host} presented ${certificatePin(leaf.publicKey)}, issued by ${oneLine(leaf.issuer)}; gateway.pins has ` +
        `${pins.join(', ')}. If that issuer is your own proxy or firewall, exempt this host from TLS inspection; ` +
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
  // A pinned leaf certificate identifies the gateway. A pinned CA may also have signed other names and other uses.
  if (trust === 'system' || pinned > 0) checkName(socket, host);
  if (trust === 'system') checkDates(leaf, host);
  else if (pinned > 0) {
    // With trust `pins`, nothing else has checked the certificates between the leaf and the pinned CA.
    for (const certificate of chain.slice(0, pinned + 1)) checkDates(certificate, host);
    checkServerUse(leaf, host);
  }
}

/** The presented certificates from the leaf up, as far as each one has signed the one before it. */
function signedChain(leaf: X509Certificate): X509Certificate[] {
  const chain = [leaf];
  let child = leaf;
  while (chain.length < MAX_CHAIN_LENGTH) {
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
    `${host}: the certificate of ${oneLine(certificate.subject)} is valid from ${validFrom} to ${validTo}, but ` +
      `this host's clock reads ${new Date(now).toUTCString()}. Renew the certificate or correct the clock.`,
  );
}

/** A certificate that restricts its use must allow use by a server (RFC 5280 section 4.2.1.12). */
function checkServerUse(leaf: X509Certificate, host: string): void {
  // Despite its name, `keyUsage` holds the object identifiers of the extended key usage.
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
