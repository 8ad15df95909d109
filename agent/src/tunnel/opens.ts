import type { ClientHttp2Stream } from 'node:http2';
import { BriefMap, IdleWaiters } from '@penstock/runtime';
import {
  Http2FarEnd,
  resetSocket,
  type SessionLinks,
  type Splice,
  type SpliceEnd,
  StreamUse,
  splice,
} from '@penstock/transport';
import { type CloseCode, closeCodes, errorText, type GatewayMessageOf, TunnelError } from '@penstock/wire';
import type { AgentLog } from '../observe/event.ts';
import type { AgentMetrics } from '../observe/metrics.ts';
import type { TargetLease, Targets } from '../target/targets.ts';
import { CarriedConnection, type CarriedConnections } from './carried-connections.ts';

type Open = GatewayMessageOf<'open'>;

/** What opens need of their session. */
export type OpenPort = {
  /** Why no further open can start, or undefined if one can. */
  refusal(): TunnelError | undefined;
  /**
   * Opens the data stream. Its arrival at the gateway reports the success of the open. `received` is what this agent has
   * handed to the target of a connection that may outlive the stream. Throws when the session has ended.
   */
  openStream(id: string, received?: number): ClientHttp2Stream;
  /** The same for a new connection that may outlive it. The stream can be one that carried another, and should be given back by `release`. */
  reuseStream(id: string): ClientHttp2Stream | StreamUse;
  /** Gives back the stream of a connection that has ended; `isAcknowledged` if the gateway has acknowledged that on this stream. */
  release(use: StreamUse, isAcknowledged: boolean): void;
  /** Reports to the gateway that the open failed. */
  fail(id: string, code: CloseCode, detail: string): void;
};

export type OpensOptions = {
  readonly targets: Pick<Targets, 'dial'>;
  readonly port: OpenPort;
  readonly links: SessionLinks;
  readonly carried: CarriedConnections;
  /** Milliseconds for which a connection may be kept without a session; 0: it ends with its session. */
  readonly keepFor: () => number;
  /** Names the process of the gateway. */
  readonly epoch: string;
  readonly halfClosedTimeout: () => number;
  readonly log: AgentLog;
  readonly metrics: AgentMetrics;
};

/** An open is first a dial, then a splice. A resume waits until the gateway has accepted its stream. */
type OpenState =
  | { readonly name: 'dialing'; readonly cancel: AbortController }
  | { readonly name: 'resuming'; readonly stream: ClientHttp2Stream }
  | { readonly name: 'live'; readonly splice: Splice };

/** All opens of one session, from the gateway's message to the last byte. */
export class Opens {
  readonly #options: OpensOptions;
  readonly #states = new BriefMap<string, OpenState>();
  readonly #idle = new IdleWaiters(() => this.#states.size === 0);
  #dialing = 0;

  constructor(options: OpensOptions) {
    this.#options = options;
  }

  get dialing(): number {
    return this.#dialing;
  }

  get live(): number {
    return this.#states.size - this.#dialing;
  }

  /** Dials the target and opens its data stream, or reports why that failed. Never rejects. */
  async start(open: Open): Promise<void> {
    const { port, targets, metrics, log } = this.#options;
    if (open.resume !== undefined) {
      this.#resume(open.id, open.resume);
      return;
    }
    const { id, connector, connection, client } = open;
    const refusal = this.#states.has(id)
      ? new TunnelError('PROTOCOL_ERROR', `The gateway used the open id ${id} twice.`)
      : port.refusal();
    if (refusal !== undefined) {
      port.fail(id, refusal.code, refusal.message);
      return;
    }
    const cancel = new AbortController();
    this.#states.set(id, { name: 'dialing', cancel });
    this.#dialing += 1;
    const started = performance.now();
    let lease: TargetLease;
    try {
      lease = await targets.dial(connector, open.deadline, cancel, {
        secure: open.secure === true,
        address: open.address,
        ...(open.clientPort !== undefined && { client: { address: client, port: open.clientPort } }),
      });
    } catch (error) {
      const { code, message } =
        error instanceof TunnelError ? error : new TunnelError('INTERNAL', errorText(error));
      this.#remove(id);
      metrics.openFailed(code);
      // The gateway no longer waits for the answer to a canceled open.
      if (code === 'CLIENT_GONE' || code === 'SESSION_LOST') return;
      log('open-failed', { connection, connector, client, code, detail: message });
      port.fail(id, code, message);
      return;
    } finally {
      this.#dialing -= 1;
    }
    this.#splice(open, lease, started);
  }

  #splice({ id, connector, connection, client, carry }: Open, lease: TargetLease, started: number): void {
    const { port, metrics, log, halfClosedTimeout, links, carried, epoch } = this.#options;
    const keepFor = Math.min(carry?.for ?? 0, this.#options.keepFor());
    let stream: ClientHttp2Stream | StreamUse;
    try {
      stream = keepFor > 0 ? port.reuseStream(id) : port.openStream(id);
    } catch (error) {
      if (lease.transport === undefined) resetSocket(lease.socket);
      else lease.transport.reset();
      lease.release();
      this.#remove(id);
      metrics.openFailed('SESSION_LOST');
      log('open-failed', { connection, connector, client, code: 'SESSION_LOST', detail: errorText(error) });
      return;
    }
    const { socket, reader, transport } = lease;
    let kept: CarriedConnection | undefined;
    const joined = splice(socket, new Http2FarEnd(stream, keepFor > 0 ? links.link(id) : undefined), {
      carry: { onAdrift: (loss) => kept?.drift(loss) },
      reader,
      reset: transport && (() => transport.reset()),
      isTruncated: transport && (() => transport.isTruncated),
      halfClosedTimeout: halfClosedTimeout(),
      socketReset: 'TARGET_RESET',
      streamReset: 'CLIENT_RESET',
    });
    const use = stream instanceof StreamUse ? stream : undefined;
    if (use === undefined) {
      stream.on('response', (headers) => {
        if (headers[':status'] !== 200) joined.abort('CLIENT_GONE');
      });
    }
    this.#states.set(id, { name: 'live', splice: joined });
    if (keepFor > 0) {
      const limits = { silent: keepFor, closed: Math.min(keepFor, carry?.closed ?? 0) };
      kept = new CarriedConnection(joined, epoch, limits, (since) => carried.verdict(epoch, since));
      kept.join(() => this.#remove(id), 1);
      carried.add(kept);
    }
    metrics.openSucceeded((performance.now() - started) / 1000, joined);
    log('open-succeeded', { connection, connector, client });
    void joined.done.then((end) => {
      lease.release();
      if (kept === undefined) this.#remove(id);
      // Of a connection that has moved, the gateway may have acknowledged the end on another stream.
      if (use !== undefined) port.release(use, joined.isDelivered && kept?.hasMoved === false);
      this.#recordEnd(connector, connection, client, end);
    });
  }

  #recordEnd(connector: string, connection: string, client: string, end: SpliceEnd): void {
    this.#options.metrics.streamEnded(end);
    const { code, detail, finishedFirst, bytesFromSocket, bytesToSocket } = end;
    this.#options.log('stream-ended', {
      connection,
      connector,
      client,
      code,
      detail,
      finishedFirst,
      bytesFromSocket,
      bytesToSocket,
    });
  }

  /**
   * Opens another stream for a connection, which leaves the one it has. It goes on once the gateway has accepted the stream; of
   * several that wait for that, the gateway accepts one.
   */
  #resume(id: string, { of, received, streams }: NonNullable<Open['resume']>): void {
    const { port, carried, links } = this.#options;
    const connection = carried.get(of);
    if (this.#states.has(id) || connection === undefined) {
      port.fail(id, 'RESUME_UNKNOWN', closeCodes.RESUME_UNKNOWN.message);
      return;
    }
    if (streams < connection.streams) {
      // Sent before the gateway accepted the stream that the connection has, and delayed on its way.
      port.fail(id, 'SESSION_LOST', 'The connection has been resumed on another session.');
      return;
    }
    if (!connection.splice.detach()) {
      port.fail(id, 'RESUME_UNKNOWN', closeCodes.RESUME_UNKNOWN.message);
      return;
    }
    const { splice } = connection;
    // The gateway may have accepted a stream whose answer is still on its way, and has left that stream again.
    connection.streams = streams;
    connection.hasMoved = true;
    let stream: ClientHttp2Stream;
    try {
      stream = port.openStream(id, splice.received);
      // Before the connection leaves: a session that retires ends with its last open.
      this.#states.set(id, { name: 'resuming', stream });
    } catch {
      // The gateway has been told, and asks on another session.
      return;
    } finally {
      connection.drift('silent');
    }
    stream.on('error', () => {});
    stream.once('close', () => {
      if (this.#states.get(id)?.name === 'resuming') this.#remove(id);
    });
    stream.once('response', (headers) => {
      if (headers[':status'] !== 200 || this.#states.get(id)?.name !== 'resuming') return;
      // A gateway accepts one stream at a time.
      if (connection.streams !== streams) {
        stream.destroy(new TunnelError('SESSION_LOST'));
        return;
      }
      connection.join(() => this.#remove(id), streams + 1);
      this.#states.set(id, { name: 'live', splice });
      splice.attach(new Http2FarEnd(stream, links.link(of)), received);
      this.#options.log('stream-resumed', { resentBytes: splice.owedBytes });
    });
  }

  /** Cancels an open that the gateway no longer needs, or ends a connection that has no stream. */
  cancel(id: string, code: CloseCode): void {
    const state = this.#states.get(id);
    switch (state?.name) {
      case 'dialing':
        state.cancel.abort(new TunnelError('CLIENT_GONE', closeCodes[code].message));
        break;
      case 'resuming':
        state.stream.destroy(new TunnelError('CLIENT_GONE'));
        break;
      case 'live':
        state.splice.abort('CLIENT_GONE');
        break;
      case undefined:
        this.#options.carried.get(id)?.end('CLIENT_GONE');
        break;
    }
  }

  /** Aborts every live stream with `code`, and every open that is still dialing with `dialingCode`. */
  abortAll(code: CloseCode, dialingCode: CloseCode = code): void {
    for (const state of [...this.#states.values()]) {
      if (state.name === 'dialing') state.cancel.abort(new TunnelError(dialingCode));
      else if (state.name === 'resuming') state.stream.destroy(new TunnelError(dialingCode));
      else state.splice.abort(code);
    }
  }

  /** Resolves when no open is left. */
  idle(): Promise<void> {
    return this.#idle.wait();
  }

  #remove(id: string): void {
    this.#states.delete(id);
    this.#idle.notify();
  }
}
