import { isIP } from 'node:net';

/** A client as a filter of the connection log names it. */
export type ClientFilter = {
  readonly client?: string | undefined;
  readonly clientPort?: number | undefined;
};

const WITH_PORT = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Reads an address, also with a port, as lists and logs show it: `10.0.0.5:41234`. Every other text names a grant or subject. */
export function clientFilter(text: string | undefined): ClientFilter {
  if (text === undefined) return {};
  const [, bracketed, plain, port] = WITH_PORT.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  if (isIP(host) === 0) return { client: unmapped(text) };
  return { client: unmapped(host), clientPort: Number(port) };
}

const unmapped = (address: string) => MAPPED.exec(address)?.[1] ?? address;
