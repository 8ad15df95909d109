/** The routes of the tunnel port. See docs/wire.md. */
export const paths = {
  enroll: '/v1/enroll',
  renew: '/v1/renew',
  control: '/v1/control',
  streams: '/v1/streams/',
  results: '/v1/results/',
  health: '/healthz',
} as const;

/** The `:protocol` of our extended CONNECT requests (RFC 8441). */
export const CONNECT_PROTOCOL = 'penstock';

const OPEN_ID = /^[A-Za-z0-9_-]{1,64}$/;

export function streamPath(openId: string): string {
  return paths.streams + openId;
}

/** The open id in a data stream's path, or undefined when the path is not one. */
export function openIdOfPath(path: string): string | undefined {
  if (!path.startsWith(paths.streams)) return undefined;
  const id = path.slice(paths.streams.length);
  return OPEN_ID.test(id) ? id : undefined;
}
