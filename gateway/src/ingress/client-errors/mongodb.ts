import type { CloseCode } from '@penstock/wire';
import { errorLine } from './client-error.ts';
import { type CreateErrorExchange, INCOMPLETE, INVALID, startsTls, TLS_FIRST } from './error-exchange.ts';

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
/** The query failed (OP_REPLY, responseFlags). */
const QUERY_FAILURE = 2;

/** MongoDB's own error codes (error_codes.yml). */
const errorCodes: Partial<Record<CloseCode, readonly [number, string]>> = {
  DNS_FAILED: [7, 'HostNotFound'],
  CLIENT_DENIED: [13, 'Unauthorized'],
  DIAL_TIMEOUT: [89, 'NetworkTimeout'],
};
const HOST_UNREACHABLE: readonly [number, string] = [6, 'HostUnreachable'];

/** Answers the first command, which is hello or isMaster, with `ok: 0` (MongoDB Wire Protocol). */
export const mongodbError: CreateErrorExchange = (error) => ({
  push(received, isEncrypted) {
    if (startsTls(received) && !isEncrypted) return TLS_FIRST;
    if (received.length < HEADER_BYTES) return INCOMPLETE;
    const requestId = received.readInt32LE(4);
    const opCode = received.readInt32LE(12);
    const [number, name] = errorCodes[error.code] ?? HOST_UNREACHABLE;
    const body = bsonDocument([
      ['ok', 0],
      ['errmsg', errorLine(error)],
      ['code', number],
      ['codeName', name],
    ]);
    if (opCode === OP_MSG) return { is: 'final', bytes: message(OP_MSG, requestId, Buffer.alloc(5), body) };
    if (opCode !== OP_QUERY) return INVALID;
    // responseFlags, cursorID, startingFrom, numberReturned.
    const head = Buffer.alloc(20);
    head.writeInt32LE(QUERY_FAILURE, 0);
    head.writeInt32LE(1, 16);
    return { is: 'final', bytes: message(OP_REPLY, requestId, head, body) };
  },
});

function message(opCode: number, responseTo: number, head: Buffer, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + head.length + body.length, 0);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, head, body]);
}

/** A document of doubles (`ok`), 32-bit integers and strings (BSON specification, version 1.1). */
function bsonDocument(fields: readonly (readonly [string, number | string])[]): Buffer {
  const elements = fields.map(([name, value]) => bsonElement(name, value));
  const length = Buffer.alloc(4);
  length.writeInt32LE(elements.reduce((sum, { length: bytes }) => sum + bytes, 5));
  return Buffer.concat([length, ...elements, Buffer.alloc(1)]);
}

function bsonElement(name: string, value: number | string): Buffer {
  const key = Buffer.from(`${name}\0`);
  if (typeof value === 'string') {
    const text = Buffer.from(`${value}\0`);
    const length = Buffer.alloc(4);
    length.writeInt32LE(text.length);
    return Buffer.concat([Buffer.from([0x02]), key, length, text]);
  }
  if (name === 'ok') {
    const double = Buffer.alloc(8);
    double.writeDoubleLE(value);
    return Buffer.concat([Buffer.from([0x01]), key, double]);
  }
  const integer = Buffer.alloc(4);
  integer.writeInt32LE(value);
  return Buffer.concat([Buffer.from([0x10]), key, integer]);
}
