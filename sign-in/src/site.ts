import { isLoopbackHost } from '@penstock/runtime';

/** The host that a request names, in lower case and without brackets, and its port. */
export type Site = { readonly name: string; readonly port: number };

/** Reads the header `Host`. The name is empty if it is not one. */
export function siteOf(host: string, isSecure: boolean): Site {
  const url = /^[A-Za-z0-9._:[\]-]{1,262}$/.test(host) ? URL.parse(`http://${host}/`) : null;
  const name = url?.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '') ?? '';
  // A URL has no port if it is 80, which is not the default of https.
  const port = url?.port ? Number(url.port) : /:80$/.test(host) ? 80 : isSecure ? 443 : 80;
  return { name, port };
}

/** Whether a browser that uses this name talks to its own host. */
export function isLoopbackName(name: string): boolean {
  return isLoopbackHost(name) || name.endsWith('.localhost');
}
