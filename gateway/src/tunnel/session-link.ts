import type { ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { readableAddress } from '@penstock/runtime';
import { SessionKeepalive, type SessionLoss, type WindowShare } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { SessionOptions } from './session-options.ts';

/** The connection of one session: its socket and HTTP/2, its keepalive and its receive windows. */
export class SessionLink {
  readonly address: string;
  readonly windows: WindowShare;
  readonly #socket: TLSSocket;
  readonly #http: ServerHttp2Session;
  readonly #keepalive: SessionKeepalive;
  #roundTrip: number | undefined;

  /** `onLost` is called when the connection has closed or its peer does not answer, and may be called again. */
  constructor(
    socket: TLSSocket,
    http: ServerHttp2Session,
    { windows, ping, log }: Pick<SessionOptions, 'windows' | 'ping' | 'log'>,
    onLost: (error: TunnelError, loss: SessionLoss) => void,
  ) {
    this.address = readableAddress(socket.remoteAddress ?? '');
    this.#socket = socket;
    this.#http = http;
    this.windows = windows.join((initialWindowSize, acknowledged) => {
      if (!http.destroyed) http.settings({ initialWindowSize }, () => acknowledged());
    });
    const lost = (reason: string, loss: SessionLoss = 'closed') =>
      onLost(new TunnelError('SESSION_LOST', reason), loss);
    this.#keepalive = new SessionKeepalive({
      http,
      socket,
      ping,
      onDead: (reason) => lost(reason, 'silent'),
      onRoundTrip: (milliseconds) => {
        this.#roundTrip = milliseconds;
        this.windows.setRoundTrip(milliseconds);
      },
      onSlept: () => log('host-slept'),
    });
    http.once('close', () => lost('The agent closed the session.'));
    socket.once('close', () => lost('The connection to the agent was lost.'));
  }

  /** Milliseconds of the last PING; undefined until the first answer. */
  get roundTrip(): number | undefined {
    return this.#roundTrip;
  }

  startKeepalive(): void {
    this.#keepalive.start();
  }

  /** Stops the keepalive and returns the share of the window budget. The connection stays open. */
  release(): void {
    this.#keepalive.stop();
    this.windows.release();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Closes HTTP/2 gracefully, and destroys the connection after `timeout` milliseconds. */
  close(timeout: number): void {
    // GOAWAY is always NO_ERROR: with another code Node would destroy streams that still have data to send.
    if (!this.#http.destroyed) this.#http.close();
    const timer = setTimeout(() => this.#socket.destroy(), timeout);
    this.#socket.once('close', () => clearTimeout(timer));
  }
}
