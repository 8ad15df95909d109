import { gatewayStatusOf, reasonPhrases } from '../http-status.ts';
import type { ClientError } from './client-error.ts';
import { type CreateErrorExchange, INCOMPLETE, INVALID, startsTls, TLS_FIRST } from './error-exchange.ts';
import { Http2Error } from './http2.ts';

/** Longer than every method, and as long as the first line of the HTTP/2 preface (RFC 9113 section 3.4). */
const START_BYTES = 'PRI * HTTP/2.0\r\n'.length;
/** Characters of a method (RFC 9110 section 9.1). */
const METHOD = /^[A-Z-]{1,16}$/;

/** Answers the first request with a problem document (RFC 9457). */
export const httpError: CreateErrorExchange = (error) => {
  let http2: Http2Error | undefined;
  return {
    push(received, isEncrypted) {
      if (http2 !== undefined) return http2.push(received);
      if (startsTls(received) && !isEncrypted) return TLS_FIRST;
      const start = received.toString('latin1', 0, START_BYTES);
      const [method = ''] = start.split(' ', 1);
      if (!METHOD.test(method)) return INVALID;
      if (method === start) return start.length < START_BYTES ? INCOMPLETE : INVALID;
      if (method !== 'PRI') return { is: 'final', bytes: response(error, method) };
      http2 = new Http2Error(error, bodyOf(error));
      return http2.push(received);
    },
  };
};

function bodyOf({ code, message, hint }: ClientError): string {
  const status = gatewayStatusOf(code);
  const title = reasonPhrases[status] ?? '';
  return `${JSON.stringify({ title, status, code, detail: `${message} ${hint}` })}\n`;
}

function response(error: ClientError, method: string): Buffer {
  const status = gatewayStatusOf(error.code);
  const body = bodyOf(error);
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrases[status] ?? ''}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`);
}
