import { readPostgresqlPacket } from '../postgresql/postgresql-packet.ts';
import type { Alert } from '../tls/alert.ts';
import type { ClientHello } from '../tls/client-hello.ts';
import { ClientHelloReader, MAX_CLIENT_HELLO_BYTES } from '../tls/client-hello-reader.ts';

/** How a client came to its ClientHello: after PostgreSQL's SSLRequest, as PostgreSQL 17 does without, or otherwise. */
export type TlsNegotiation = 'postgresql' | 'postgresql-direct' | 'tls';

/** What follows from what a client has sent so far. */
export type PreambleStep =
  | { readonly is: 'incomplete' }
  /** Send this to the client, and go on. */
  | { readonly is: 'answer'; readonly bytes: 'S' | 'N' }
  /** `bytes`: everything from the first byte of TLS on. */
  | {
      readonly is: 'hello';
      readonly hello: ClientHello;
      readonly negotiation: TlsNegotiation;
      readonly bytes: Buffer;
    }
  /** A packet in clear that asks for a query to be canceled. */
  | { readonly is: 'cancel-request'; readonly bytes: Buffer }
  /** A PostgreSQL client that wants no TLS. */
  | { readonly is: 'clear-text' }
  /** `alert` where the client speaks TLS and would understand one. */
  | { readonly is: 'invalid'; readonly detail: string; readonly alert?: Alert };

/** The ALPN name of PostgreSQL, which only a client of PostgreSQL 17 or later offers. */
export const POSTGRESQL_PROTOCOL = 'postgresql';

const INCOMPLETE: PreambleStep = { is: 'incomplete' };
const HANDSHAKE_RECORD = 22;
/** Records and whatever follows the ClientHello within the same read. */
const MOST_BYTES = 2 * MAX_CLIENT_HELLO_BYTES;

/** The first bytes of a client on a port that is routed by SNI. Opens no socket. */
export class Preamble {
  #bytes: Buffer = Buffer.alloc(0);
  #hello: ClientHelloReader | undefined;
  readonly #asked = new Set<string>();

  /** Takes what has arrived. Only `incomplete` and `answer` may be followed by more. */
  push(chunk: Buffer): PreambleStep {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#hello !== undefined) return this.#readHello(this.#hello, chunk);
    const [first] = this.#bytes;
    if (first === undefined) return INCOMPLETE;
    if (first === HANDSHAKE_RECORD) {
      this.#hello = new ClientHelloReader();
      return this.#readHello(this.#hello, this.#bytes);
    }
    if (this.#asked.has('ssl-request')) {
      return { is: 'invalid', detail: 'After asking for TLS the client sent something else.' };
    }
    return this.#readPacket();
  }

  #readPacket(): PreambleStep {
    const packet = readPostgresqlPacket(this.#bytes);
    switch (packet.is) {
      case 'incomplete':
        return INCOMPLETE;
      case 'invalid':
        return { is: 'invalid', detail: 'The client spoke neither TLS nor PostgreSQL.' };
      case 'startup':
        return { is: 'clear-text' };
      case 'cancel-request':
        return { is: 'cancel-request', bytes: packet.bytes };
      default:
        return this.#answer(packet.is, this.#bytes.length > packet.bytes.length);
    }
  }

  #answer(request: 'ssl-request' | 'gss-request', isFollowed: boolean): PreambleStep {
    // What follows in clear was perhaps put there by somebody else, and must not pass for part of the encrypted
    // rest (CVE-2021-23214).
    if (isFollowed)
      return { is: 'invalid', detail: 'The client did not wait for the answer to its request.' };
    if (this.#asked.has(request)) return { is: 'invalid', detail: 'The client asked twice for the same.' };
    this.#asked.add(request);
    this.#bytes = Buffer.alloc(0);
    return { is: 'answer', bytes: request === 'ssl-request' ? 'S' : 'N' };
  }

  #readHello(reader: ClientHelloReader, chunk: Buffer): PreambleStep {
    const outcome = reader.push(chunk);
    if (outcome.is === 'hello') {
      const { hello } = outcome;
      return { is: 'hello', hello, negotiation: this.#negotiationOf(hello), bytes: this.#bytes };
    }
    if (outcome.is === 'invalid') return outcome;
    if (this.#bytes.length <= MOST_BYTES) return INCOMPLETE;
    return {
      is: 'invalid',
      alert: 'recordOverflow',
      detail: 'The client sent too much before its ClientHello.',
    };
  }

  #negotiationOf({ protocols }: ClientHello): TlsNegotiation {
    if (this.#asked.has('ssl-request')) return 'postgresql';
    return protocols.includes(POSTGRESQL_PROTOCOL) ? 'postgresql-direct' : 'tls';
  }
}
