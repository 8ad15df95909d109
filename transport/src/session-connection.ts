import type { Http2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { readableAddress } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';
import type { SessionLoss } from './far-end.ts';
import type { WindowBudget, WindowShare } from './receive-window.ts';
import { SessionKeepalive, type SessionKeepaliveOptions } from './session-keepalive.ts';

export type SessionConnectionOptions = {
  /** Of the peer, if it is not the one of the socket. */
  readonly address?: string;
  readonly windows: WindowBudget;
  readonly ping: SessionKeepaliveOptions['ping'];
  /** What the peer is, as messages name it: `agent`. */
  readonly peer: string;
  /** The peer has answered a ping. */
  readonly onPong?: () => void;
  /** This host was suspended. */
  readonly onSlept?: () => void;
  /** The connection has closed or its peer does not answer. May be called again. */
  readonly onLost: (error: TunnelError, loss: SessionLoss) => void;
};

/** Time without a byte after which a peer that owes an answer is suspected. */
const SILENCE_MS = 300;
/** The same in round trips, where those are long. A peer that is taken for silent too soon costs a ping, and another one an open. */
const SILENCE_ROUND_TRIPS = 1.5;
/** Time for the answer to the ping that follows. */
const PONG_MS = 200;
const PONG_ROUND_TRIPS = 1.25;
/** A timer this late means that this event loop was blocked, so silence proves nothing about the peer. */
const BLOCKED_MS = 200;

/** The connection of one session: its socket and HTTP/2, its keepalive and its receive windows. */
export class SessionConnection {
  readonly address: string;
  readonly windows: WindowShare;
  readonly #socket: TLSSocket;
  readonly #http: Http2Session;
  readonly #keepalive: SessionKeepalive;
  #roundTrip: number | undefined;
  /** Bytes received when the peer was found silent. */
  #silentSince: number | undefined;

  constructor(
    socket: TLSSocket,
    http: Http2Session,
    { address, windows, ping, peer, onPong, onSlept, onLost }: SessionConnectionOptions,
  ) {
    this.address = address ?? readableAddress(socket.remoteAddress ?? '');
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
        onPong?.();
      },
      ...(onSlept && { onSlept }),
    });
    http.once('close', () => lost(`The ${peer} closed the session.`));
    socket.once('close', () => lost(`The connection to the ${peer} was lost.`));
  }

  /** Milliseconds of the last PING; undefined until the first answer. */
  get roundTrip(): number | undefined {
    return this.#roundTrip;
  }

  /** Whether the peer was found silent and has not sent a byte since. */
  get isSuspect(): boolean {
    return this.#silentSince === this.#socket.bytesRead;
  }

  /**
   * Waits for any byte of the peer. When none arrives in a few hundred milliseconds, or one and a half round trips, the peer is pinged
   * with a short deadline; when it does not answer that either, `onSilent` is called, and all of it begins again. The caller
   * must call the returned function to stop.
   */
  expectLife(onSilent: () => void): () => void {
    const roundTrip = this.#roundTrip ?? 0;
    const silence = Math.max(SILENCE_MS, SILENCE_ROUND_TRIPS * roundTrip);
    const pong = Math.max(PONG_MS, PONG_ROUND_TRIPS * roundTrip);
    let isPinged = false;
    let timer: NodeJS.Timeout;
    let immediate: NodeJS.Immediate | undefined;
    const wait = (milliseconds: number) => {
      const received = this.#socket.bytesRead;
      const due = performance.now() + milliseconds;
      const check = () => {
        const isSilent = this.#socket.bytesRead === received && performance.now() - due <= BLOCKED_MS;
        if (isSilent && !isPinged) this.suspect();
        if (isSilent && isPinged) onSilent();
        isPinged = isSilent && !isPinged;
        wait(isPinged ? pong : silence);
      };
      // After the poll phase: bytes that arrived while this event loop was blocked are still in the kernel.
      timer = setTimeout(() => {
        immediate = setImmediate(check);
      }, milliseconds);
    };
    wait(silence);
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  }

  get bytesReceived(): number {
    return this.#socket.bytesRead;
  }

  /** Pings the peer with a short deadline: it owes an answer, and has not sent a byte since. */
  suspect(): void {
    if (this.isSuspect) return;
    this.#silentSince = this.#socket.bytesRead;
    this.#keepalive.suspect();
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
