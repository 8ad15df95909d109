import { gatewayStatusOf, reasonPhrases } from '../http-status.ts';
import type { ClientError } from './client-error.ts';
import { type CreateErrorExchange, INCOMPLETE, INVALID, startsTls, TLS_FIRST } from './error-exchange.ts';

/** Start of the HTTP/2 connection preface (RFC 9113 section 3.4). */
const PREFACE = 'PRI * HTTP/2.0\r\n';
const SETTINGS_FRAME = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const GOAWAY = 7;
const INTERNAL_ERROR = 2;
/** Characters of a method (RFC 9110 section 9.1). */
const METHOD = /^[A-Z-]{1,16}$/;

/** Answers the first request with a problem document (RFC 9457), or ends an HTTP/2 connection with GOAWAY. */
export const httpError: CreateErrorExchange = (error) => ({
  push(received, isEncrypted) {
    if (startsTls(received) && !isEncrypted) return TLS_FIRST;
    const start = received.toString('latin1', 0, PREFACE.length);
    const [method = ''] = start.split(' ', 1);
    if (!METHOD.test(method)) return INVALID;
    if (method === start || (method === 'PRI' && start.length < PREFACE.length)) {
      return start.length < PREFACE.length ? INCOMPLETE : INVALID;
    }
    if (method === 'PRI') return { is: 'final', bytes: goAway(error) };
    return { is: 'final', bytes: response(error, method) };
  },
});

function response({ code, message, hint }: ClientError, method: string): Buffer {
  const status = gatewayStatusOf(code);
  const title = reasonPhrases[status] ?? '';
  const body = `${JSON.stringify({ title, status, code, detail: `${message} ${hint}` })}\n`;
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`);
}

/** The gateway's SETTINGS, and GOAWAY with the error as debug data (RFC 9113 section 6.8). */
function goAway({ code, message }: ClientError): Buffer {
  const debug = Buffer.from(`${code}: ${message}`);
  const head = Buffer.alloc(9 + 8);
  head.writeUIntBE(8 + debug.length, 0, 3);
  head.writeUInt8(GOAWAY, 3);
  head.writeUInt32BE(INTERNAL_ERROR, 13);
  return Buffer.concat([SETTINGS_FRAME, head, debug]);
}
