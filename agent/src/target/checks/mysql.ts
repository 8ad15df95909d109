import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

const LONGEST_GREETING = 1024;
const HEADER_BYTES = 4;
const PROTOCOL_10 = 0x0a;
const ERROR_PACKET = 0xff;

/**
 * Waits for the greeting and leaves. On demand only: the server counts each such visit, and blocks the host after
 * `max_connect_errors` of them.
 */
export const checkMysql: ProtocolCheck = async (conversation) => ({
  detail: await conversation.hear(LONGEST_GREETING, parseGreeting),
});

/** What the greeting says for people; undefined while it is not complete. Throws CheckFailure. */
export function parseGreeting(bytes: Buffer): string | undefined {
  if (bytes.length <= HEADER_BYTES) return undefined;
  const length = bytes.readUIntLE(0, 3);
  if (bytes[3] !== 0 || length > LONGEST_GREETING - HEADER_BYTES || length < 3) throw notMysql();
  if (bytes.length < HEADER_BYTES + length) return undefined;
  const body = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  if (body[0] === ERROR_PACKET) {
    // 1129 is a blocked host, 1130 one that is not allowed, 1040 too many connections.
    throw new CheckFailure(
      'refused',
      `The server turns this host away, with its error ${body.readUInt16LE(1)}.`,
    );
  }
  const end = body.indexOf(0, 1);
  if (body[0] !== PROTOCOL_10 || end === -1) throw notMysql();
  const version = body.toString('latin1', 1, end).replaceAll(/[^\w.+-]/g, '?');
  return `MySQL ${version.slice(0, 64)}`;
}

const notMysql = () => new CheckFailure('protocol', 'The greeting is not that of MySQL or MariaDB.');
