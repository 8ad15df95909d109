/** The routes of the tunnel port. See docs/wire.md. */
export const paths = {
  enroll: '/v1/enroll',
  enrollCheck: '/v1/enroll/check',
  renew: '/v1/renew',
  control: '/v1/control',
  streams: '/v1/streams/',
  results: '/v1/results/',
  agent: '/v1/agent',
  releases: '/v1/releases/',
  health: '/healthz',
} as const;

/** The `:protocol` of our extended CONNECT requests (RFC 8441). */
export const CONNECT_PROTOCOL = 'penstock';

/** Header of a data stream whose connection can outlive it: bytes of the stream that its sender has handed on. */
export const RECEIVED_HEADER = 'penstock-received';

/** Header of a data stream that can carry further connections after the one it was opened for. */
export const REUSABLE_HEADER = 'penstock-reusable';

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

/** A file, or a file in the folder of a version; see `releasePaths` of the package release. */
const RELEASE_FILE = /^([0-9][0-9A-Za-z.-]{0,63}\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function releasePath(file: string): string {
  return paths.releases + file;
}

/** The file in the path of a release file, or undefined when the path is not one. It leads out of no directory. */
export function releaseFileOfPath(path: string): string | undefined {
  if (!path.startsWith(paths.releases)) return undefined;
  const file = path.slice(paths.releases.length);
  return RELEASE_FILE.test(file) ? file : undefined;
}

const RANGE = /^bytes=(0|[1-9][0-9]{0,15})-$/;

/** The header `range` of a download that continues at `offset` (RFC 9110 section 14.2). */
export const rangeFrom = (offset: number): string => `bytes=${offset}-`;

/** Where a `range` header starts: 0 without one, undefined if it is not of the one form that is supported. */
export function offsetOfRange(value: unknown): number | undefined {
  if (value === undefined) return 0;
  const match = typeof value === 'string' ? RANGE.exec(value) : null;
  return match === null ? undefined : Number(match[1]);
}

function idBelow(prefix: string, path: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const id = path.slice(prefix.length);
  return ID.test(id) ? id : undefined;
}
