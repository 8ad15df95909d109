import { createHash } from 'node:crypto';
import type { Connection, Submittable } from 'pg';

/** Methods of the driver's connection that its types do not declare. */
type CopyConnection = Connection & {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
};

export type Copied = { readonly bytes: number; readonly sha256: string };

/** A COPY statement for `client.query`. Sends `chunks` on request of the server, and hashes what the server sends. */
export class CopyQuery implements Submittable {
  readonly done: Promise<Copied>;
  readonly #text: string;
  readonly #chunks: Iterable<Buffer>;
  readonly #settle = Promise.withResolvers<Copied>();
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(text: string, chunks: Iterable<Buffer> = []) {
    this.#text = text;
    this.#chunks = chunks;
    this.done = this.#settle.promise;
  }

  submit(connection: Connection): void {
    (connection as CopyConnection).query(this.#text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    for (const chunk of this.#chunks) connection.sendCopyFromChunk(chunk);
    connection.endCopyFrom();
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
  }

  handleCommandComplete(): void {}

  handleError(error: Error): void {
    this.#settle.reject(error);
  }

  handleReadyForQuery(): void {
    this.#settle.resolve({ bytes: this.#bytes, sha256: this.#hash.digest('hex') });
  }
}
