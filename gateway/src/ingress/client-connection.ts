import { type NearEnd, type Splice, splice } from '@penstock/transport';
import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import type { DataPlaneLog } from '../observe/event.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import type { Dialed, DialOptions } from '../routing/dial.ts';
import type { TargetStream } from '../routing/session-contract.ts';
import { type RoutedClient, refuseClient } from './routed-client.ts';

export type ClientOptions = {
  readonly dial: (
    connection: string,
    client: string,
    signal: AbortSignal,
    wishes: DialOptions,
  ) => Promise<Dialed>;
  readonly halfClosedTimeout: () => number;
  /** Milliseconds of silence that end a client; 0 for never. */
  readonly idleTimeout: () => number;
  readonly log: DataPlaneLog;
  readonly metrics: GatewayMetrics;
};

/** One client is first dialed for, then joined with its target. */
type State =
  | { readonly name: 'accepted' }
  | { readonly name: 'dialing'; readonly cancel: AbortController }
  | { readonly name: 'joined'; readonly splice: Splice }
  | { readonly name: 'ended' };

/** One client from the moment its connection is known to its end. */
export class ClientConnection {
  readonly #routed: RoutedClient;
  readonly #socket: NearEnd;
  readonly #connection: string;
  readonly #options: ClientOptions;
  #state: State = { name: 'accepted' };

  constructor(connection: string, routed: RoutedClient, options: ClientOptions) {
    this.#connection = connection;
    this.#routed = routed;
    this.#socket = routed.socket;
    this.#options = options;
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  /** Connects the client to its target and comes back when both are gone. Never rejects. */
  async run(): Promise<'opened' | 'failed'> {
    const { metrics, log, halfClosedTimeout, idleTimeout } = this.#options;
    const { source, reader, wishes, reset, isTruncated, signal } = this.#routed;
    const connection = this.#connection;
    const started = performance.now();
    const cancel = new AbortController();
    this.#state = { name: 'dialing', cancel };
    const gone = () => cancel.abort(new TunnelError('CLIENT_GONE'));
    const revoked = () => this.abort(codeOf(signal?.reason));
    signal?.addEventListener('abort', revoked, { once: true });
    this.#socket.on('error', gone).once('close', gone);
    // Reads a little ahead: only a socket that is read tells that its client has left.
    this.#socket.read(0);
    let dialed: Dialed;
    try {
      signal?.throwIfAborted();
      dialed = await this.#options.dial(connection, source.address, cancel.signal, {
        clientPort: source.port,
        ...wishes,
      });
      await this.#accept(dialed.target, cancel.signal);
    } catch (error) {
      signal?.removeEventListener('abort', revoked);
      return this.#fail(error instanceof TunnelError ? error : new TunnelError('INTERNAL', errorText(error)));
    } finally {
      this.#socket
        .off('error', gone)
        .off('close', gone)
        .on('error', () => {});
    }
    const { target, agent, pool, attempts } = dialed;
    const joined = splice(this.#socket, target, {
      ...(reader && { reader }),
      ...(reset && { reset }),
      ...(isTruncated && { isTruncated }),
      halfClosedTimeout: halfClosedTimeout(),
      idleTimeout: idleTimeout(),
      socketReset: 'CLIENT_RESET',
      streamReset: 'TARGET_RESET',
    });
    this.#state = { name: 'joined', splice: joined };
    this.#routed.joined?.(target, dialed);
    const seconds = (performance.now() - started) / 1000;
    metrics.opened(connection, seconds, attempts);
    const who = { connection, client: source.address, clientPort: source.port, agent, pool };
    log('connection-opened', { ...who, attempts, seconds });
    const end = await joined.done;
    signal?.removeEventListener('abort', revoked);
    this.#state = { name: 'ended' };
    metrics.ended(connection, end);
    log('connection-closed', { ...who, ...end });
    return 'opened';
  }

  /** Ends the connection by a reset. */
  abort(code: CloseCode): void {
    if (this.#state.name === 'dialing') this.#state.cancel.abort(new TunnelError(code));
    else if (this.#state.name === 'joined') this.#state.splice.abort(code);
  }

  /** Answers the stream, and lets the way in speak first. What fails here ends the stream. */
  async #accept(target: TargetStream, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      target.accept();
      await this.#routed.introduce?.(target, signal);
      signal.throwIfAborted();
      if (this.#socket.destroyed) throw new TunnelError('CLIENT_GONE');
    } catch (error) {
      target.refuse('CLIENT_GONE');
      throw error;
    }
  }

  #fail(error: TunnelError): 'failed' {
    const { log, metrics } = this.#options;
    const { address: client, port: clientPort } = this.#routed.source;
    this.#state = { name: 'ended' };
    metrics.failed(this.#connection, error.code);
    log('connection-failed', {
      connection: this.#connection,
      client,
      clientPort,
      code: error.code,
      detail: error.message,
    });
    refuseClient(this.#routed, error);
    return 'failed';
  }
}

const codeOf = (reason: unknown): CloseCode => (reason instanceof TunnelError ? reason.code : 'INTERNAL');
