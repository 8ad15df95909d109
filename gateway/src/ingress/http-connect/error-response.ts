import { type CloseCode, closeCodes } from '@penstock/wire';
import { gatewayStatusOf, reasonPhrases } from '../http-status.ts';

/** The response to a request that gets no tunnel. Its body is a problem document (RFC 9457). */
export type ErrorResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What a proxy can say about the request itself, which a gateway cannot. */
const statusByCode: Partial<Record<CloseCode, number>> = {
  POLICY_DENIED: 403,
  GRANT_INVALID: 403,
  UNKNOWN_CONNECTOR: 404,
  PROTOCOL_ERROR: 400,
};

/** Error types of Proxy-Status (RFC 9209 section 2.3). */
const proxyErrors: Partial<Record<CloseCode, string>> = {
  CLIENT_DENIED: 'http_request_denied',
  GRANT_INVALID: 'http_request_denied',
  POLICY_DENIED: 'destination_ip_prohibited',
  DNS_FAILED: 'dns_error',
  REFUSED: 'connection_refused',
  UNREACHABLE: 'destination_ip_unroutable',
  DIAL_TIMEOUT: 'connection_timeout',
  TARGET_RESET: 'connection_terminated',
  TLS_FAILED: 'tls_protocol_error',
  LIMIT_EXCEEDED: 'connection_limit_reached',
  INTERNAL: 'proxy_internal_error',
  PROTOCOL_ERROR: 'http_request_error',
};

/** Reports a close code. Clients get only its general sentence; the details are in the gateway's log. */
export function errorResponseOf(code: CloseCode): ErrorResponse {
  return errorResponse(statusByCode[code] ?? gatewayStatusOf(code), code, closeCodes[code].message);
}

/** Requests credentials (RFC 9110 section 11.7.1). */
export function credentialsRequired(): ErrorResponse {
  const { headers, ...rest } = errorResponse(
    407,
    'CLIENT_DENIED',
    'This proxy requires a grant. Send it as the password, or as a bearer token.',
  );
  const challenge = 'Basic realm="penstock", charset="UTF-8", Bearer realm="penstock"';
  return { ...rest, headers: { ...headers, 'proxy-authenticate': challenge } };
}

/** The response to any method other than CONNECT. */
export function connectRequired(): ErrorResponse {
  const { headers, ...rest } = errorResponse(405, 'PROTOCOL_ERROR', 'This proxy supports only CONNECT.');
  return { ...rest, headers: { ...headers, allow: 'CONNECT' } };
}

/** Serializes a response for HTTP/1.1, with which the connection is closed. */
export function toHttp1({ status, headers, body }: ErrorResponse): Buffer {
  const fields = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(`HTTP/1.1 ${status} ${reasonPhrases[status] ?? ''}\r\n${fields.join('')}\r\n${body}`);
}

function errorResponse(status: number, code: CloseCode, detail: string): ErrorResponse {
  const title = reasonPhrases[status] ?? '';
  const body = `${JSON.stringify({ title, status, code, detail })}\n`;
  const length = String(Buffer.byteLength(body));
  const error = proxyErrors[code] ?? 'destination_unavailable';
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'content-length': length,
      // Clients show the headers of a refused CONNECT more often than its body.
      'proxy-status': `penstock; error=${error}; details="${code}"`,
    },
    body,
  };
}
