import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

const LONGEST_LINE = 1024;

/** PING. That it wants a password is an answer too: the check has none. */
export const checkRedis: ProtocolCheck = async (conversation) => {
  conversation.say('*1\r\n$4\r\nPING\r\n');
  return { detail: await conversation.hear(LONGEST_LINE, parseReply) };
};

/** What the reply to PING says for people; undefined while its line is not complete. Throws CheckFailure. */
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
    throw new CheckFailure('refused', 'Redis runs in protected mode, and takes nobody from another host.');
  }
  return word === 'NOAUTH' ? 'Redis, asks for a password' : `Redis, says ${word}`;
}

const notRedis = () => new CheckFailure('protocol', 'The answer to PING is not that of Redis.');
