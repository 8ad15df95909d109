import { CheckFailure } from './check-failure.ts';
import type { ProtocolAnswer, ProtocolCheck } from './protocol-check.ts';
import type { ProtocolExchange } from './protocol-exchange.ts';

const MAX_GREETING_BYTES = 1024;
const MAX_REPLY_BYTES = 16 * 1024;
const HEADER_BYTES = 4;
const PROTOCOL_10 = 0x0a;
const OK_PACKET = 0x00;
const MORE_DATA_PACKET = 0x01;
const SWITCH_PACKET = 0xfe;
const ERROR_PACKET = 0xff;
const COMMAND_QUIT = 0x01;
/** Requests for other credentials that are answered before the check gives up. */
const MAX_ROUNDS = 4;

/** Capability flags (MySQL documentation, "Capabilities Flags"). */
const capabilities = {
  protocol41: 0x200,
  ssl: 0x800,
  secureConnection: 0x8000,
  pluginAuth: 0x80000,
} as const;
const NATIVE_PASSWORD = 'mysql_native_password';
/** utf8mb4_general_ci, which every server since 5.5 knows. */
const CHARACTER_SET = 45;

/** The user that the check logs in as, without a password. The server need not have it. */
const USER = 'penstock_check';

type Greeting = {
  /** Length of its packet, header included. */
  readonly bytes: number;
  readonly sequence: number;
  readonly flags: number;
  /** How the server would authenticate. */
  readonly plugin: string;
};

/**
 * Answers the greeting with a login that the server normally denies. A server counts clients that leave without a login as
 * errors, and blocks their host after `max_connect_errors` of them; a denied login does not count. The login is sent inside
 * TLS if the server offers it, since it may not accept any other.
 */
export const checkMysql: ProtocolCheck = async (exchange): Promise<ProtocolAnswer> => {
  const { detail, greeting } = await exchange.receive(MAX_GREETING_BYTES, (bytes) => {
    const found = parseGreeting(bytes);
    return found === undefined ? undefined : { detail: found, greeting: greetingOf(bytes) };
  });
  const { bytes, flags, sequence } = greeting;
  // A server before 4.1 has another login.
  if ((flags & capabilities.protocol41) === 0) return { detail };
  if ((flags & capabilities.ssl) === 0) {
    await logIn(exchange, greeting, { after: bytes, sequence: sequence + 1 });
    return { detail };
  }
  exchange.send(packet(sequence + 1, loginHead(greeting)));
  return {
    detail,
    startTlsAfterBytes: bytes,
    insideTls: (secured) => logIn(secured, greeting, { after: 0, sequence: sequence + 2 }),
  };
};

/** Describes the greeting, or returns undefined while it is incomplete. Throws CheckFailure. */
export function parseGreeting(bytes: Buffer): string | undefined {
  if (bytes.length <= HEADER_BYTES) return undefined;
  const length = bytes.readUIntLE(0, 3);
  if (bytes[3] !== 0 || length > MAX_GREETING_BYTES - HEADER_BYTES || length < 3) throw notMysql();
  if (bytes.length < HEADER_BYTES + length) return undefined;
  const body = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  if (body[0] === ERROR_PACKET) {
    // 1129: the host is blocked. 1130: the host is not allowed. 1040: too many connections.
    throw new CheckFailure('refused', `The server rejects this host with error ${body.readUInt16LE(1)}.`);
  }
  const end = body.indexOf(0, 1);
  if (body[0] !== PROTOCOL_10 || end === -1) throw notMysql();
  const version = body.toString('latin1', 1, end).replaceAll(/[^\w.+-]/g, '?');
  return `MySQL ${version.slice(0, 64)}`;
}

/** What a login needs of a complete greeting. */
function greetingOf(bytes: Buffer): Greeting {
  const length = bytes.readUIntLE(0, 3);
  const body = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  // After the version: thread id, 8 bytes of the scramble, and a zero. Servers before 4.1 send fewer flags.
  const rest = body.subarray(body.indexOf(0, 1) + 1 + 4 + 8 + 1);
  const flags = rest.length < 8 ? 0 : rest.readUInt16LE(0) + rest.readUInt16LE(5) * 0x1_0000;
  const scramble = Math.max(13, (rest[7] ?? 0) - 8);
  return {
    bytes: HEADER_BYTES + length,
    sequence: bytes[3] ?? 0,
    flags,
    plugin: (flags & capabilities.pluginAuth) === 0 ? NATIVE_PASSWORD : textAt(rest, 18 + scramble),
  };
}

/** Logs in, answers what the server asks for, and quits in the unlikely case that the login succeeds. */
async function logIn(
  exchange: ProtocolExchange,
  greeting: Greeting,
  { after, sequence }: { readonly after: number; readonly sequence: number },
): Promise<void> {
  const { plugin } = greeting;
  const secret = emptySecret(plugin);
  const names = Buffer.concat([
    Buffer.from(`${USER}\0`),
    Buffer.from([secret.length]),
    secret,
    Buffer.from(`${plugin}\0`),
  ]);
  exchange.send(packet(sequence, Buffer.concat([loginHead(greeting), names])));
  let consumed = after;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const from = consumed;
    const reply = await exchange.receive(MAX_REPLY_BYTES, (bytes) => parsePacket(bytes.subarray(from)));
    consumed += reply.bytes;
    const [type] = reply.body;
    if (type === OK_PACKET) exchange.send(packet(0, Buffer.from([COMMAND_QUIT])));
    if (type === OK_PACKET || type === ERROR_PACKET) return;
    if (type !== SWITCH_PACKET && type !== MORE_DATA_PACKET) break;
    const wanted = type === SWITCH_PACKET ? textAt(reply.body, 1) : plugin;
    exchange.send(packet(reply.sequence + 1, emptySecret(wanted)));
  }
  throw new CheckFailure('protocol', 'The server did not answer a login as MySQL and MariaDB do.');
}

/** Flags, packet size and character set: the whole request for TLS, and the beginning of a login. */
function loginHead({ flags }: Greeting): Buffer {
  const { protocol41, ssl, secureConnection, pluginAuth } = capabilities;
  const head = Buffer.alloc(32);
  head.writeUInt32LE(protocol41 | secureConnection | pluginAuth | (flags & ssl), 0);
  head.writeUInt32LE(0x100_0000, 4);
  head.writeUInt8(CHARACTER_SET, 8);
  return head;
}

/** No password, as a plugin expects it. */
const emptySecret = (plugin: string) => Buffer.alloc(plugin === NATIVE_PASSWORD ? 0 : 1);

function packet(sequence: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntLE(body.length, 0, 3);
  header.writeUInt8(sequence & 0xff, 3);
  return Buffer.concat([header, body]);
}

type Packet = { readonly body: Buffer; readonly sequence: number; readonly bytes: number };

function parsePacket(bytes: Buffer): Packet | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const length = bytes.readUIntLE(0, 3);
  if (length === 0 || length > MAX_REPLY_BYTES / MAX_ROUNDS) throw notMysql();
  if (bytes.length < HEADER_BYTES + length) return undefined;
  const body = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  return { body, sequence: bytes[3] ?? 0, bytes: HEADER_BYTES + length };
}

/** Text up to a zero or the end. */
function textAt(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString('latin1', start, end === -1 ? bytes.length : end);
}

const notMysql = () => new CheckFailure('protocol', 'The greeting is not from MySQL or MariaDB.');
