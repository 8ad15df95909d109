import type { CloseCode } from '@penstock/wire';

const BAD_GATEWAY = 502;

const statusByCode: Partial<Record<CloseCode, number>> = {
  CLIENT_DENIED: 403,
  NO_AGENT: 503,
  QUEUE_FULL: 503,
  QUEUE_TIMEOUT: 503,
  LIMIT_EXCEEDED: 503,
  AGENT_OVERLOADED: 503,
  AGENT_DRAINING: 503,
  CONFIG_DRIFT: 503,
  DIAL_TIMEOUT: 504,
  AGENT_TIMEOUT: 504,
};

/** The status with which a gateway reports a close code (RFC 9110 section 15.6). */
export function gatewayStatusOf(code: CloseCode): number {
  return statusByCode[code] ?? BAD_GATEWAY;
}

/** The reason phrases of the statuses that the gateway sends itself. */
export const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
