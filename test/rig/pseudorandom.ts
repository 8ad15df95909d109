import { createCipheriv, createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';

const CHUNK = 64 * 1024;
const ZEROS = Buffer.alloc(CHUNK);

/** Yields chunks of pseudorandom bytes, `bytes` in total: deterministic for a seed, and not compressible. */
export function* pseudorandomChunks(bytes: number, seed: number): Generator<Buffer> {
  const key = createHash('sha256').update(`penstock test data ${seed}`).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  for (let left = bytes; left > 0; left -= CHUNK) {
    yield cipher.update(left >= CHUNK ? ZEROS : ZEROS.subarray(0, left));
  }
}

/** The same bytes as one buffer. */
export function pseudorandomBytes(bytes: number, seed: number): Buffer {
  return Buffer.concat([...pseudorandomChunks(bytes, seed)]);
}

/** The same bytes as a stream, to be piped. */
export function pseudorandomStream(bytes: number, seed: number): Readable {
  return Readable.from(pseudorandomChunks(bytes, seed), { objectMode: false, highWaterMark: 4 * CHUNK });
}

/** Returns the SHA-256 hash of those bytes, in hex, without keeping them in memory. */
export function pseudorandomHash(bytes: number, seed: number): string {
  const hash = createHash('sha256');
  for (const chunk of pseudorandomChunks(bytes, seed)) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * What was received on a socket: the number of bytes, their SHA-256 hash in hex, and whether it ended with FIN or a
 * reset.
 */
export type Received = { readonly bytes: number; readonly sha256: string; readonly ended: 'fin' | 'reset' };

/** Reads `stream` to its end, keeping only the hash. Never rejects: a reset is a result. */
export function receive(stream: Readable): Promise<Received> {
  const { promise, resolve } = Promise.withResolvers<Received>();
  const hash: Hash = createHash('sha256');
  let bytes = 0;
  let settled = false;
  const settle = (ended: Received['ended']) => {
    if (settled) return;
    settled = true;
    resolve({ bytes, sha256: hash.digest('hex'), ended });
  };
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  stream.once('end', () => settle('fin'));
  stream.on('error', () => settle('reset'));
  stream.once('close', () => settle('reset'));
  return promise;
}
