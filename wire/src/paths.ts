/** The routes of the tunnel port. See docs/wire.md. */
export const paths = {
  enroll: '/v1/enroll',
  enrollCheck: '/v1/enroll/check',
  renew: '/v1/renew',
  control: '/v1/control',
  streams: '/v1/streams/',
  results: '/v1/results/',
  agent: '/v1/agent',
  health: '/healthz',
} as const;

/** The `:protocol` of our extended CONNECT requests (RFC 8441). */
export const CONNECT_PROTOCOL = 'penstock';

/** Header of a data stream whose connection can outlive it: bytes of the stream that its sender has handed on. */
export const RECEIVED_HEADER = 'penstock-received';

const POSITION = /^(0|[1-9][0-9]{0,15})$/;

/** The position in a `RECEIVED_HEADER`; undefined when the header is missing or not a position. */
export function positionOfHeader(value: unknown): number | undefined {
  return typeof value === 'string' && POSITION.test(value) ? Number(value) : undefined;
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;

export function streamPath(openId: string): string {
  return paths.streams + openId;
}

/** The open id in a data stream's path, or undefined when the path is not one. */
export function openIdOfPath(path: string): string | undefined {
  return idBelow(paths.streams, path);
}

export function resultPath(requestId: string): string {
  return paths.results + requestId;
}

/** The request id in the path of a large answer, or undefined when the path is not one. */
export function requestIdOfPath(path: string): string | undefined {
  return idBelow(paths.results, path);
}

function idBelow(prefix: string, path: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const id = path.slice(prefix.length);
  return ID.test(id) ? id : undefined;
}
