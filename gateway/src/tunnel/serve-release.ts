import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { offsetOfRange, ProblemError } from '@penstock/wire';
import type { ReleasesPort } from '../control-plane-port.ts';
import { isAnswerable } from './plain-request.ts';

/** A download that is not read for so long is reset. */
const IDLE_TIMEOUT_MS = 30_000;
/** One that lasts longer is reset, however slowly it is read. The agent continues it. */
const MAX_DOWNLOAD_MS = 30 * 60_000;

/**
 * Answers a request for a file of a release, from the offset in its `range`. Resolves when the download has ended, whatever
 * its end. Throws ProblemError before it begins.
 */
export async function serveRelease(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  file: string,
  releases: ReleasesPort,
): Promise<void> {
  const offset = offsetOfRange(headers.range);
  if (offset === undefined) throw new ProblemError('REQUEST_INVALID', 'The range is not supported.');
  const opened = await releases.open(file, offset);
  if (opened === undefined) throw new ProblemError('NOT_FOUND', `This gateway has no ${file}.`);
  const { size, content } = opened;
  if (!isAnswerable(stream)) {
    content.destroy();
    return;
  }
  stream.respond({
    ':status': offset > 0 ? 206 : 200,
    'content-type': 'application/octet-stream',
    'content-length': size - offset,
    ...(offset > 0 && { 'content-range': `bytes ${offset}-${size - 1}/${size}` }),
  });
  await send(stream, content);
}

async function send(stream: ServerHttp2Stream, content: Readable): Promise<void> {
  stream.setTimeout(IDLE_TIMEOUT_MS, () => stream.destroy());
  const timer = setTimeout(() => stream.destroy(), MAX_DOWNLOAD_MS);
  try {
    await pipeline(content, stream);
  } catch {
    // The agent has left, or the file cannot be read to its end: the download is incomplete, which its hash shows.
    stream.destroy();
  } finally {
    clearTimeout(timer);
  }
}
