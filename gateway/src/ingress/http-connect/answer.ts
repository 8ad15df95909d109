import { type CloseCode, closeCodes } from '@penstock/wire';

/** What a client of HTTP CONNECT is told in place of a tunnel. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

const statuses: Partial<Record<CloseCode, number>> = {
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

/** Says a close code: its number of HTTP, and a problem document (RFC 9457) that holds no more than the code says. */
export function answerOf(code: CloseCode): Answer {
  return answer(statuses[code] ?? 502, code, closeCodes[code].sentence);
}

/** Asks for credentials (RFC 9110 section 11.7.1). */
export function askForGrant(): Answer {
  const { headers, ...rest } = answer(
    407,
    'CLIENT_DENIED',
    'Show a grant of this connection as the password.',
  );
  const challenge = 'Basic realm="penstock", charset="UTF-8", Bearer realm="penstock"';
  return { ...rest, headers: { ...headers, 'proxy-authenticate': challenge } };
}

/** For what is no CONNECT. */
export function askForConnect(): Answer {
  const { headers, ...rest } = answer(
    405,
    'PROTOCOL_ERROR',
    'This is a proxy for CONNECT, and for nothing else.',
  );
  return { ...rest, headers: { ...headers, allow: 'CONNECT' } };
}

/** As HTTP/1.1, which ends the connection. */
export function http1Text({ status, headers, body }: Answer): Buffer {
  const fields = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(`HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${fields.join('')}\r\n${body}`);
}

function answer(status: number, code: CloseCode, detail: string): Answer {
  const title = reasons[status] ?? '';
  const body = `${JSON.stringify({ title, status, code, detail })}\n`;
  const length = String(Buffer.byteLength(body));
  return { status, headers: { 'content-type': 'application/problem+json', 'content-length': length }, body };
}
