import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

const OP_MSG = 2013;
const HEADER_BYTES = 16;
const REQUEST_ID = 1;
/** The largest message of the protocol (maxMessageSizeBytes). */
const LONGEST_MESSAGE = 48_000_000;

/** `{hello: 1, $db: 'admin'}` in BSON, which every client sends before it says who it is. */
const HELLO = Buffer.concat([
  Buffer.from([31, 0, 0, 0]),
  Buffer.from('\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0', 'latin1'),
]);

/** OP_MSG: header, flags, and one section of kind 0 (MongoDB Wire Protocol). */
function question(): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + 5);
  head.writeInt32LE(head.length + HELLO.length, 0);
  head.writeInt32LE(REQUEST_ID, 4);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, HELLO]);
}

/** Says hello. The header of the answer is proof enough; the topology in it is for clients. */
export const checkMongodb: ProtocolCheck = async (conversation) => {
  conversation.say(question());
  return { detail: await conversation.hear(HEADER_BYTES, parseHeader) };
};

/** What the header says for people; undefined while it is not complete. Throws CheckFailure. */
export function parseHeader(bytes: Buffer): string | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const length = bytes.readInt32LE(0);
  const isAnswer = bytes.readInt32LE(8) === REQUEST_ID && bytes.readInt32LE(12) === OP_MSG;
  if (isAnswer && length > HEADER_BYTES && length <= LONGEST_MESSAGE) return 'MongoDB';
  throw new CheckFailure('protocol', 'The answer to hello is not that of MongoDB.');
}
