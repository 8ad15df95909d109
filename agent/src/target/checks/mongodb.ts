import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

const OP_MSG = 2013;
const HEADER_BYTES = 16;
const REQUEST_ID = 1;
/** Largest message of the protocol (maxMessageSizeBytes). */
const MAX_MESSAGE_BYTES = 48_000_000;

/** `{hello: 1, $db: 'admin'}` in BSON, which every client sends before it authenticates. */
const HELLO = Buffer.concat([
  Buffer.from([31, 0, 0, 0]),
  Buffer.from('\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0', 'latin1'),
]);

/** OP_MSG: header, flags, and one section of kind 0 (MongoDB Wire Protocol). */
function helloMessage(): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + 5);
  head.writeInt32LE(head.length + HELLO.length, 0);
  head.writeInt32LE(REQUEST_ID, 4);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, HELLO]);
}

/** Sends hello. The header of the answer is sufficient proof; the topology in its body is for clients. */
export const checkMongodb: ProtocolCheck = async (exchange) => {
  exchange.send(helloMessage());
  return { detail: await exchange.receive(HEADER_BYTES, parseHeader) };
};

/** Describes the header, or returns undefined while it is incomplete. Throws CheckFailure. */
export function parseHeader(bytes: Buffer): string | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const length = bytes.readInt32LE(0);
  const isAnswer = bytes.readInt32LE(8) === REQUEST_ID && bytes.readInt32LE(12) === OP_MSG;
  if (isAnswer && length > HEADER_BYTES && length <= MAX_MESSAGE_BYTES) return 'MongoDB';
  throw new CheckFailure('protocol', 'The answer to hello is not from MongoDB.');
}
