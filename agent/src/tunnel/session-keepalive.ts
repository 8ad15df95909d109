import type { ClientHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type KeepaliveOptions, keepAlive } from '@penstock/wire';

export type SessionKeepaliveOptions = {
  readonly http: Pick<ClientHttp2Session, 'ping'>;
  readonly socket: Pick<TLSSocket, 'bytesRead'>;
  readonly ping: Pick<KeepaliveOptions, 'interval' | 'timeout'>;
  /** The gateway gave no sign of life within the deadline. Called at most once. */
  readonly onDead: (reason: string) => void;
  readonly onRoundTrip: (milliseconds: number) => void;
  readonly onSlept: () => void;
};

/** Milliseconds for the first sign of life after this host slept. */
const SUSPECT_TIMEOUT = 3_000;

/** Pings the gateway on one session. */
export class SessionKeepalive {
  readonly #options: SessionKeepaliveOptions;
  #stop = () => {};

  constructor(options: SessionKeepaliveOptions) {
    this.#options = options;
  }

  /** Starts, or starts again, with a ping at once. */
  start(timeout = this.#options.ping.timeout): void {
    const { http, socket, ping, onDead, onRoundTrip, onSlept } = this.#options;
    this.#stop();
    this.#stop = keepAlive(
      {
        ping: (onPong) => {
          http.ping((error, roundTrip) => {
            if (error === null) onPong(roundTrip);
          });
        },
        bytesReceived: () => socket.bytesRead,
        onDead,
        onRoundTrip,
        onSlept,
      },
      { interval: ping.interval, timeout },
    );
  }

  /** The session is suspect: asks at once, with a short deadline. */
  suspect(): void {
    this.start(Math.min(SUSPECT_TIMEOUT, this.#options.ping.timeout));
  }

  stop(): void {
    this.#stop();
  }
}
