import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

const MAX_LINE_BYTES = 1024;

/** Sends PING. A request for a password counts as an answer, because the check has no credentials. */
export const checkRedis: ProtocolCheck = async (exchange) => {
  exchange.send('*1\r\n$4\r\nPING\r\n');
  return { detail: await exchange.receive(MAX_LINE_BYTES, parseReply) };
};

/** Describes the reply to PING, or returns undefined while its line is incomplete. Throws CheckFailure. */
export function parseReply(bytes: Buffer): string | undefined {
  const kind = bytes[0];
  if (kind !== 0x2b && kind !== 0x2d) throw notRedis();
  const end = bytes.indexOf('\r\n');
  if (end === -1) return undefined;
  const line = bytes.toString('latin1', 1, end);
  if (kind === 0x2b) {
    if (line === 'PONG') return 'Redis';
    throw notRedis();
  }
  const [word = ''] = line.split(' ');
  if (!/^[A-Z]{2,32}$/.test(word)) throw notRedis();
  if (word === 'DENIED') {
    throw new CheckFailure(
      'refused',
      'Redis runs in protected mode and accepts no connections from other hosts.',
    );
  }
  return word === 'NOAUTH' ? 'Redis, requires a password' : `Redis, answers ${word}`;
}

const notRedis = () => new CheckFailure('protocol', 'The answer to PING is not from Redis.');
