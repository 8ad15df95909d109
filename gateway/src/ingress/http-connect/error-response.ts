import { type CloseCode, closeCodes } from '@penstock/wire';

/** The response to a request that gets no tunnel. Its body is a problem document (RFC 9457). */
export type ErrorResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

const statusByCode: Partial<Record<CloseCode, number>> = {
  CLIENT_DENIED: 403,
  POLICY_DENIED: 403,
  GRANT_INVALID: 403,
  UNKNOWN_CONNECTOR: 404,
  PROTOCOL_ERROR: 400,
  NO_AGENT: 503,
  QUEUE_FULL: 503,
  QUEUE_TIMEOUT: 503,
  LIMIT_EXCEEDED: 503,
  AGENT_OVERLOADED: 503,
  AGENT_DRAINING: 503,
  CONFIG_DRIFT: 503,
  DIAL_TIMEOUT: 504,
};

/** Reports a close code. Clients get only its general sentence; the details are in the gateway's log. */
export function errorResponseOf(code: CloseCode): ErrorResponse {
  return errorResponse(statusByCode[code] ?? 502, code, closeCodes[code].sentence);
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
  return { status, headers: { 'content-type': 'application/problem+json', 'content-length': length }, body };
}
