import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { SignInRefusal } from './refusal.ts';
import { isLoopbackName, siteOf } from './site.ts';

/** The names by which this gateway may be asked. */
export type OwnNames = {
  /** `console.url` of gateway.yaml. */
  readonly consoleUrl: string | undefined;
  /** PEM of the certificate of the admin address. */
  readonly certificate: string | undefined;
  /** The name of this machine. */
  readonly hostName: string;
};

/** Names that public DNS never has, so that no page on the Internet can be loaded from them (RFC 6761, 6762, 8375, 9476). */
const PRIVATE_SUFFIX = /\.(local|localhost|internal|lan|home\.arpa|test|alt|svc|cluster\.local)$/;

/**
 * Throws SignInRefusal HOST_REFUSED for names that this gateway does not have. A page of an attacker whose name is rebound
 * to this address is the same origin for the browser, and could read everything that needs no credential. Such a page always
 * sends its own name, which is in public DNS: addresses and names without a dot are therefore accepted.
 */
export function requireKnownHost(host: string | undefined, names: OwnNames): void {
  // Only HTTP/1.0 has no Host, and no browser sends that.
  if (host === undefined || isKnown(siteOf(host, false).name, names)) return;
  throw new SignInRefusal(
    'HOST_REFUSED',
    `The request is for ${printed(host)}, which is not a name of this gateway. Set console.url in gateway.yaml to ` +
      'the URL at which browsers reach it, or use an address.',
  );
}

function isKnown(name: string, { consoleUrl, certificate, hostName }: OwnNames): boolean {
  if (name === '') return false;
  if (isIP(name) !== 0 || !name.includes('.') || isLoopbackName(name)) return true;
  if (PRIVATE_SUFFIX.test(name) || name === hostName.toLowerCase()) return true;
  if (consoleUrl !== undefined && name === URL.parse(consoleUrl)?.hostname) return true;
  return certificate !== undefined && certificateOf(certificate)?.checkHost(name) !== undefined;
}

let last: { readonly pem: string; readonly certificate: X509Certificate | undefined } | undefined;

/** Parsed once: every request asks. */
function certificateOf(pem: string): X509Certificate | undefined {
  if (last?.pem !== pem) last = { pem, certificate: parsed(pem) };
  return last.certificate;
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

const printed = (host: string) => JSON.stringify(host.slice(0, 262));
