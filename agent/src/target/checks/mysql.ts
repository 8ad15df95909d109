import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

const MAX_GREETING_BYTES = 1024;
const HEADER_BYTES = 4;
const PROTOCOL_10 = 0x0a;
const ERROR_PACKET = 0xff;

/**
 * Waits for the greeting and closes. Run it on request only: the server counts each such connection as an error and blocks the
 * host after `max_connect_errors` of them.
 */
export const checkMysql: ProtocolCheck = async (exchange) => ({
  detail: await exchange.receive(MAX_GREETING_BYTES, parseGreeting),
});

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

const notMysql = () => new CheckFailure('protocol', 'The greeting is not from MySQL or MariaDB.');
