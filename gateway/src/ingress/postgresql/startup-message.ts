import { MAX_STARTUP_BYTES } from './startup-packet.ts';

/** The part of a StartupMessage (PostgreSQL documentation, "Message Formats") that concerns the gateway. */
export type StartupMessage = {
  /** The value of `penstock.connection` in `options`; undefined if it is not set. */
  readonly connection: string | undefined;
  /** The packet for the server, without `penstock.connection`. */
  readonly bytes: Buffer;
};

const HEADER_BYTES = 8;
/** `-c penstock.connection=NAME`, `-cpenstock.connection=NAME` and `--penstock.connection=NAME`, as PostgreSQL parses options. */
const CONNECTION_OPTION = /(?:^|(?<=\s))(?:-c\s*|--)penstock\.connection=(\S+)(?:\s+|$)/g;

/** Parses a packet of kind `startup`. Returns undefined if its parameters are invalid. */
export function readStartupMessage(packet: Buffer): StartupMessage | undefined {
  const parameters = readParameters(packet.subarray(HEADER_BYTES));
  if (parameters === undefined) return undefined;
  const options = parameters.get('options');
  if (options === undefined) return { connection: undefined, bytes: packet };
  const connections = [...options.matchAll(CONNECTION_OPTION)].map(([, name]) => name);
  if (connections.length === 0) return { connection: undefined, bytes: packet };
  const rest = options.replace(CONNECTION_OPTION, '').trim();
  if (rest === '') parameters.delete('options');
  else parameters.set('options', rest);
  // The last one is in force, as for any other setting.
  return { connection: connections.at(-1), bytes: writePacket(packet.readUInt32BE(4), parameters) };
}

function readParameters(bytes: Buffer): Map<string, string> | undefined {
  // Latin-1 preserves every byte, whatever the encoding of the client is.
  const texts = bytes.toString('latin1').split('\0');
  // Pairs of name and value, then the empty name that terminates the list, and nothing after it.
  if (texts.length % 2 !== 0 || texts.at(-1) !== '' || texts.at(-2) !== '') return undefined;
  const parameters = new Map<string, string>();
  for (let at = 0; at + 2 < texts.length; at += 2) {
    const name = texts[at] ?? '';
    if (name === '' || parameters.has(name)) return undefined;
    parameters.set(name, texts[at + 1] ?? '');
  }
  return parameters;
}

function writePacket(protocol: number, parameters: ReadonlyMap<string, string>): Buffer {
  const body = [...parameters].map(([name, value]) => `${name}\0${value}\0`).join('');
  const bytes = Buffer.alloc(Math.min(HEADER_BYTES + body.length + 1, MAX_STARTUP_BYTES));
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(protocol, 4);
  bytes.write(body, HEADER_BYTES, 'latin1');
  return bytes;
}
