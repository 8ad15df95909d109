import { errorLine } from './client-error.ts';
import {
  type CreateErrorExchange,
  type ErrorStep,
  INCOMPLETE,
  INVALID,
  startsTls,
  TLS_FIRST,
} from './error-exchange.ts';
import { TDS_HEADER_BYTES, tdsPackets, tdsTypes } from './tds-packet.ts';

/** Values of the PRELOGIN option ENCRYPTION (MS-TDS 2.2.6.5). */
const encryption = { off: 0, on: 1, notSupported: 2 } as const;
const OPTION_ENCRYPTION = 1;
const OPTION_BYTES = 5;
const OPTIONS_END = 0xff;
/** A PRELOGIN has tens of bytes. */
const MAX_PRELOGIN_BYTES = 4096;

/** The first number of user-defined errors. Drivers retry some of SQL Server's own ones by themselves. */
const ERROR_NUMBER = 50_000;

/**
 * Answers PRELOGIN, and the login that follows with an ERROR token (MS-TDS 2.2.7.10). A client that wants to encrypt its
 * login does so to the gateway: it is never made to send a password in plaintext. Nothing is read of the login.
 */
export const sqlserverError: CreateErrorExchange = (error) => ({
  push(received, isEncrypted) {
    if (startsTls(received) && !isEncrypted) return TLS_FIRST;
    if (received.length < TDS_HEADER_BYTES) return INCOMPLETE;
    const type = received.readUInt8(0);
    if (type === tdsTypes.login7) {
      const answer = errorAnswer(errorLine(error));
      return { is: 'final', bytes: tdsPackets(tdsTypes.answer, answer) };
    }
    return type === tdsTypes.prelogin ? answerPrelogin(received, isEncrypted) : INVALID;
  },
});

function answerPrelogin(received: Buffer, isEncrypted: boolean): ErrorStep {
  const length = received.readUInt16BE(2);
  if (length <= TDS_HEADER_BYTES || length > MAX_PRELOGIN_BYTES) return INVALID;
  if (received.length < length) return INCOMPLETE;
  const wanted = encryptionOf(received.subarray(TDS_HEADER_BYTES, length));
  const answer = (value: number) => tdsPackets(tdsTypes.answer, preloginAnswer(value));
  if (isEncrypted || wanted === undefined || wanted === encryption.notSupported) {
    return { is: 'answer', bytes: answer(encryption.notSupported), consumed: length };
  }
  // `off` encrypts only the login.
  const isOnce = wanted === encryption.off;
  const agreed = isOnce ? encryption.off : encryption.on;
  return { is: 'tls', answer: answer(agreed), consumed: length, framing: 'prelogin', isOnce };
}

/** The client's ENCRYPTION option; undefined if it sent none. */
function encryptionOf(options: Buffer): number | undefined {
  for (let at = 0; at + OPTION_BYTES <= options.length && options[at] !== OPTIONS_END; at += OPTION_BYTES) {
    if (options[at] === OPTION_ENCRYPTION) return options[options.readUInt16BE(at + 1)];
  }
  return undefined;
}

/** VERSION, of a recent SQL Server, and ENCRYPTION. */
function preloginAnswer(value: number): Buffer {
  const version = [16, 0, 0, 0, 0, 0];
  const start = 2 * OPTION_BYTES + 1;
  return Buffer.from([
    ...[0, 0, start, 0, version.length],
    ...[OPTION_ENCRYPTION, 0, start + version.length, 0, 1],
    OPTIONS_END,
    ...version,
    value,
  ]);
}

/** An ERROR token and the DONE token that ends the answer. */
function errorAnswer(message: string): Buffer {
  const [state, severity, line] = [1, 20, 1];
  const text = Buffer.from(message, 'utf16le');
  const head = Buffer.alloc(8);
  head.writeInt32LE(ERROR_NUMBER, 0);
  head.writeUInt8(state, 4);
  head.writeUInt8(severity, 5);
  head.writeUInt16LE(message.length, 6);
  const server = Buffer.from('Penstock', 'utf16le');
  const tail = Buffer.alloc(4);
  tail.writeInt32LE(line, 0);
  const data = Buffer.concat([head, text, Buffer.from([server.length / 2]), server, Buffer.alloc(1), tail]);
  const token = Buffer.alloc(3);
  token.writeUInt8(0xaa, 0);
  token.writeUInt16LE(data.length, 1);
  const done = Buffer.alloc(13);
  done.writeUInt8(0xfd, 0);
  done.writeUInt16LE(0x0002, 1);
  return Buffer.concat([token, data, done]);
}
