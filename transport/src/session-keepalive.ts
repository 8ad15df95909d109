import type { Http2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type KeepaliveOptions, type KeepalivePort, keepAlive, SUSPECT_TIMEOUT_MS } from './keepalive.ts';

export type SessionKeepaliveOptions = Pick<KeepalivePort, 'onDead' | 'onRoundTrip' | 'onSlept'> & {
  readonly http: Pick<Http2Session, 'ping'>;
  readonly socket: Pick<TLSSocket, 'bytesRead'>;
  readonly ping: Pick<KeepaliveOptions, 'interval' | 'timeout' | 'clock'>;
};

/** Pings the peer of one session. */
export class SessionKeepalive {
  readonly #options: SessionKeepaliveOptions;
  #stop = () => {};

  constructor(options: SessionKeepaliveOptions) {
    this.#options = options;
  }

  /** Starts or restarts with an immediate ping. */
  start(firstTimeout = this.#options.ping.timeout): void {
    const { http, socket, ping, ...port } = this.#options;
    this.#stop();
    this.#stop = keepAlive(
      {
        ...port,
        ping: (onPong) => {
          http.ping((error, roundTrip) => {
            if (error === null) onPong(roundTrip);
          });
        },
        bytesReceived: () => socket.bytesRead,
      },
      { ...ping, firstTimeout },
    );
  }

  /** Pings immediately with a short deadline, because the peer may be gone. */
  suspect(): void {
    this.start(Math.min(SUSPECT_TIMEOUT_MS, this.#options.ping.timeout));
  }

  stop(): void {
    this.#stop();
  }
}
