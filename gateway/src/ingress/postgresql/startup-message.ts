import { MAX_STARTUP_BYTES } from './postgresql-packet.ts';

/** A StartupMessage (PostgreSQL's protocol, chapter "Message Formats"), read to learn what it asks of the gateway. */
export type StartupMessage = {
  /** The connection that `options` names; undefined when it names none. */
  readonly connection: string | undefined;
  /** The packet for the server, without what was for the gateway alone. */
  readonly bytes: Buffer;
};

const HEADER = 8;
/** `-c penstock.connection=NAME`, `-cpenstock.connection=NAME` and `--penstock.connection=NAME`, as PostgreSQL reads options. */
const WISH = /(?:^|(?<=\s))(?:-c\s*|--)penstock\.connection=(\S+)(?:\s+|$)/g;

/** Reads a packet of kind `startup`. Undefined when its parameters are none. */
export function readStartupMessage(packet: Buffer): StartupMessage | undefined {
  const parameters = readParameters(packet.subarray(HEADER));
  if (parameters === undefined) return undefined;
  const options = parameters.get('options');
  if (options === undefined) return { connection: undefined, bytes: packet };
  const wishes = [...options.matchAll(WISH)].map(([, name]) => name);
  if (wishes.length === 0) return { connection: undefined, bytes: packet };
  const rest = options.replace(WISH, '').trim();
  if (rest === '') parameters.delete('options');
  else parameters.set('options', rest);
  // As with any other setting, the last one counts.
  return { connection: wishes.at(-1), bytes: writePacket(packet.readUInt32BE(4), parameters) };
}

function readParameters(bytes: Buffer): Map<string, string> | undefined {
  // Latin 1 gives every byte back as it was, whatever the client's encoding is.
  const texts = bytes.toString('latin1').split('\0');
  // Name and value of each, then the empty name that ends the list, and nothing behind it.
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
  const bytes = Buffer.alloc(Math.min(HEADER + body.length + 1, MAX_STARTUP_BYTES));
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(protocol, 4);
  bytes.write(body, HEADER, 'latin1');
  return bytes;
}
