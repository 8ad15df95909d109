import type { Http2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** What a splice joins with a data stream: a socket, or the stream of a client that itself speaks HTTP/2. */
export type NearEnd = Socket | Http2Stream;

export function isHttp2Stream(end: NearEnd): end is Http2Stream {
  return 'rstCode' in end;
}

/** Whether an 'end' of this stream is no FIN: a lost session and a reset both give one as well. */
export function isCutShort(stream: Http2Stream): boolean {
  return stream.aborted || stream.destroyed || stream.rstCode !== 0;
}
