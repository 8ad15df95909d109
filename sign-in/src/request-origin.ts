import type { IncomingHttpHeaders } from 'node:http';
import { SignInRefusal } from './refusal.ts';
import { isLoopbackName, siteOf } from './site.ts';

type Headers = Pick<IncomingHttpHeaders, 'host' | 'origin' | 'sec-fetch-site'>;

/**
 * Throws SignInRefusal ORIGIN_REFUSED unless the browser says that a page of this gateway sends the request. Required for
 * every change: a cookie alone goes with the requests of other pages as well.
 */
export function requireSameOrigin(headers: Headers, isSecure: boolean): void {
  const { 'sec-fetch-site': site, origin, host } = headers;
  if (site === 'same-origin') return;
  if (site === undefined && origin !== undefined && origin === originOf(host ?? '', isSecure)) return;
  throw new SignInRefusal(
    'ORIGIN_REFUSED',
    'This request was not sent by a page of this gateway, so its console session does not count. Programs use an admin token.',
  );
}

function originOf(host: string, isSecure: boolean): string | undefined {
  return URL.parse(`${isSecure ? 'https' : 'http'}://${host}`)?.origin;
}

/** How the browser reaches this gateway. */
export type Transport = {
  /** The browser uses TLS: with the gateway, or with the proxy at `console.url`. */
  readonly isSecure: boolean;
};

/**
 * How the browser that sends a request for `host` reaches this gateway. Throws SignInRefusal SIGN_IN_NEEDS_TLS if that is
 * plain HTTP over a network, where everybody on the path could take over the session.
 */
export function requireSafeTransport(
  host: string | undefined,
  { hasTls, consoleUrl }: { readonly hasTls: boolean; readonly consoleUrl: string | undefined },
): Transport {
  const transport = transportOf(host, { hasTls, consoleUrl });
  if (transport !== undefined) return transport;
  throw new SignInRefusal(
    'SIGN_IN_NEEDS_TLS',
    'This gateway serves its console over plain HTTP, which is accepted on loopback only: http://127.0.0.1:8080/console/. ' +
      'For other hosts set adminTls in gateway.yaml, or put a TLS proxy in front and set console.url to its https:// URL.',
  );
}

/** The same; undefined for plain HTTP over a network. */
export function transportOf(
  host: string | undefined,
  { hasTls, consoleUrl }: { readonly hasTls: boolean; readonly consoleUrl: string | undefined },
): Transport | undefined {
  if (hasTls) return { isSecure: true };
  const url = consoleUrl === undefined ? null : URL.parse(consoleUrl);
  // The proxy at console.url passes on the name that the browser used.
  if (url?.protocol === 'https:' && url.host === URL.parse(`https://${host}`)?.host)
    return { isSecure: true };
  // What a browser calls loopback stays on its host, and what forwards it from there was set up by its user.
  return isLoopbackName(siteOf(host ?? '', false).name) ? { isSecure: false } : undefined;
}
