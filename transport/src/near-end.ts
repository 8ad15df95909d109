import type { Http2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { DataStream } from './data-stream.ts';
import type { StreamUse } from './stream-use.ts';

/** The end of a splice on this host: a socket, or a stream of a client that speaks HTTP/2. */
export type NearEnd = Socket | Http2Stream;

export function isHttp2Stream(end: Socket | DataStream): end is Http2Stream {
  return 'rstCode' in end && 'push' in end;
}

/** Whether an 'end' of this stream is not a FIN: a lost session and a reset emit it too. */
export function isCutShort(stream: Http2Stream | StreamUse): boolean {
  return stream.aborted || stream.destroyed || stream.rstCode !== 0;
}
