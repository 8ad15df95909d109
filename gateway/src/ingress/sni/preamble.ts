import { readStartupPacket } from '../postgresql/startup-packet.ts';
import type { Alert } from '../tls/alert.ts';
import type { ClientHello } from '../tls/client-hello.ts';
import { ClientHelloReader, MAX_CLIENT_HELLO_BYTES } from '../tls/client-hello-reader.ts';

/**
 * How a client started TLS: after PostgreSQL's SSLRequest, directly as PostgreSQL 17 can (sslnegotiation=direct), or
 * directly in any other protocol.
 */
export type TlsNegotiation = 'postgresql' | 'postgresql-direct' | 'tls';

/** The next step after the bytes received so far. */
export type PreambleStep =
  | { readonly is: 'incomplete' }
  /** Send this to the client and continue. */
  | { readonly is: 'answer'; readonly bytes: 'S' | 'N' }
  /** `bytes`: everything from the first byte of TLS on. */
  | {
      readonly is: 'hello';
      readonly hello: ClientHello;
      readonly negotiation: TlsNegotiation;
      readonly bytes: Buffer;
    }
  /** A plaintext PostgreSQL CancelRequest. */
  | { readonly is: 'cancel-request'; readonly bytes: Buffer }
  /** A PostgreSQL client that does not request TLS. */
  | { readonly is: 'plaintext' }
  /** `alert` is present if the client speaks TLS. */
  | { readonly is: 'invalid'; readonly detail: string; readonly alert?: Alert };

/** ALPN protocol name of PostgreSQL. Only clients of PostgreSQL 17 or later offer it. */
export const POSTGRESQL_PROTOCOL = 'postgresql';

const INCOMPLETE: PreambleStep = { is: 'incomplete' };
const HANDSHAKE_RECORD = 22;
/** A ClientHello with its record headers, and what follows it in the same chunk. */
const MAX_BYTES = 2 * MAX_CLIENT_HELLO_BYTES;

/** Parses the first bytes of a client of an SNI port, up to its ClientHello. Opens no socket. */
export class Preamble {
  #bytes: Buffer = Buffer.alloc(0);
  #hello: ClientHelloReader | undefined;
  readonly #requests = new Set<string>();

  /** Adds received bytes. Must not be called again after a step other than `incomplete` or `answer`. */
  push(chunk: Buffer): PreambleStep {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#hello !== undefined) return this.#readHello(this.#hello, chunk);
    const [first] = this.#bytes;
    if (first === undefined) return INCOMPLETE;
    if (first === HANDSHAKE_RECORD) {
      this.#hello = new ClientHelloReader();
      return this.#readHello(this.#hello, this.#bytes);
    }
    if (this.#requests.has('ssl-request')) {
      return { is: 'invalid', detail: 'The client requested TLS but then sent something else.' };
    }
    return this.#readPacket();
  }

  #readPacket(): PreambleStep {
    const packet = readStartupPacket(this.#bytes);
    switch (packet.is) {
      case 'incomplete':
        return INCOMPLETE;
      case 'invalid':
        return { is: 'invalid', detail: 'The client speaks neither TLS nor PostgreSQL.' };
      case 'startup':
        return { is: 'plaintext' };
      case 'cancel-request':
        return { is: 'cancel-request', bytes: packet.bytes };
      default:
        return this.#answer(packet.is, this.#bytes.length > packet.bytes.length);
    }
  }

  #answer(request: 'ssl-request' | 'gss-request', isFollowed: boolean): PreambleStep {
    // An attacker may have injected the plaintext bytes that follow. They must not be taken for encrypted ones
    // (CVE-2021-23214).
    if (isFollowed)
      return { is: 'invalid', detail: 'The client did not wait for the response to its request.' };
    if (this.#requests.has(request)) {
      return { is: 'invalid', detail: 'The client sent the same request twice.' };
    }
    this.#requests.add(request);
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
    if (this.#bytes.length <= MAX_BYTES) return INCOMPLETE;
    return {
      is: 'invalid',
      alert: 'recordOverflow',
      detail: `The client sent more than ${MAX_BYTES} bytes without completing its ClientHello.`,
    };
  }

  #negotiationOf({ protocols }: ClientHello): TlsNegotiation {
    if (this.#requests.has('ssl-request')) return 'postgresql';
    return protocols.includes(POSTGRESQL_PROTOCOL) ? 'postgresql-direct' : 'tls';
  }
}
