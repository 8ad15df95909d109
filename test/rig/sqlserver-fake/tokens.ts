import { PACKET_SIZE } from './packet.ts';

/** Latin1_General, case-insensitive, which every client can decode. */
const COLLATION = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);
const NVARCHAR = 0xe7;
const NVARCHAR_BYTES = 8000;
const NULLABLE = 0x0001;

const FINAL = 0x00;
const ERROR = 0x02;
const COUNTED = 0x10;
const ATTENTION = 0x20;

const bytes = (...values: readonly number[]) => Buffer.from(values);
const uint16 = (value: number) => bytes(value & 0xff, value >> 8);
const uint32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
};
const text = (value: string) => Buffer.from(value, 'utf16le');
/** Encodes the length in characters, in one or two bytes, followed by the characters. */
const shortText = (value: string) => Buffer.concat([bytes(value.length), text(value)]);
const longText = (value: string) => Buffer.concat([uint16(value.length), text(value)]);

/** Encodes a token with its length before its data. */
function token(type: number, ...parts: readonly Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  return Buffer.concat([bytes(type), uint16(data.length), data]);
}

function done(status: number, rows = 0): Buffer {
  const count = Buffer.alloc(8);
  count.writeBigUInt64LE(BigInt(rows));
  return Buffer.concat([bytes(0xfd), uint16(status), uint16(0xc1), count]);
}

/** The response to a successful login. */
export function loginAnswer(tdsVersion: number): Buffer {
  const version = Buffer.alloc(4);
  version.writeUInt32BE(tdsVersion);
  return Buffer.concat([
    token(0xe3, bytes(1), shortText('master'), shortText('master')),
    token(0xe3, bytes(7), bytes(COLLATION.length), COLLATION, bytes(0)),
    token(0xad, bytes(1), version, shortText('Microsoft SQL Server'), bytes(16, 0, 0x10, 0x00)),
    token(0xe3, bytes(4), shortText(String(PACKET_SIZE)), shortText(String(PACKET_SIZE))),
    done(FINAL),
  ]);
}

/** An error with SQL Server's number, and the end of the response. */
export function errorAnswer(number: number, message: string): Buffer {
  const state = 1;
  const severity = 14;
  return Buffer.concat([
    token(
      0xaa,
      uint32(number),
      bytes(state, severity),
      longText(message),
      shortText('fake'),
      shortText(''),
      uint32(1),
    ),
    done(ERROR),
  ]);
}

/** One column of text, with a row for each value. */
export function rowsAnswer(column: string, values: readonly string[]): Buffer {
  const type = Buffer.concat([bytes(NVARCHAR), uint16(NVARCHAR_BYTES), COLLATION]);
  const columns = Buffer.concat([
    bytes(0x81),
    uint16(1),
    uint32(0),
    uint16(NULLABLE),
    type,
    shortText(column),
  ]);
  const rows = values.map((value) => {
    const data = text(value);
    return Buffer.concat([bytes(0xd1), uint16(data.length), data]);
  });
  return Buffer.concat([columns, ...rows, done(COUNTED, values.length)]);
}

export const emptyAnswer = (): Buffer => done(FINAL);

/** The end of a query that its client has canceled. */
export const attentionAnswer = (): Buffer => done(ATTENTION);
