import type { ConnectorKind } from '@penstock/config-schema';
import { type NearEnd, type Splice, type SpliceEnd, splice } from '@penstock/transport';
import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import type { Elsewhere } from '../access/elsewhere.ts';
import type { ConnectionEntry, ConnectionLogPort } from '../control-plane-port.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import type { Dialed, DialOptions } from '../routing/dial.ts';
import type { Resumer } from '../routing/resume.ts';
import type { ResumeLimits, TargetStream } from '../routing/session-contract.ts';
import { CarriedClient, type ClientFields } from './carried-client.ts';
import { isGoneAtEnd, isPortCheck, isResetAfterEnd, turnsToLeave } from './client-departure.ts';
import { type AcceptingIngress, type RoutedClient, refuseClient } from './routed-client.ts';

export type ClientOptions = {
  readonly dial: (
    connection: string,
    client: string,
    signal: AbortSignal,
    options: DialOptions,
  ) => Promise<Dialed>;
  /** The kind of a connection's target, if known. */
  readonly kindOf: (connection: string) => ConnectorKind | undefined;
  readonly halfClosedTimeout: () => number;
  /** Lets connections outlive their sessions. */
  readonly resumer: Pick<Resumer, 'resume' | 'canMove' | 'end'>;
  /** How long a client of the connection is kept without a session; `for` of 0 lets it end with its session. */
  readonly resumeLimits: (connection: string) => ResumeLimits;
  /** Milliseconds without a byte in either direction after which a client is reset; 0 disables the limit. */
  readonly idleTimeout: () => number;
  readonly connectionLog: ConnectionLogPort;
  readonly elsewhere: Pick<Elsewhere, 'clientsOf'>;
  /** Whether a connection that ended with this code gets a line in the log of the process. */
  readonly isEndLogged: (code: CloseCode | undefined) => boolean;
  readonly log: DataPlaneLog;
  readonly metrics: GatewayMetrics;
};

type State =
  | { readonly name: 'accepted' }
  | { readonly name: 'dialing'; readonly cancel: AbortController }
  | { readonly name: 'joined'; readonly splice: Splice }
  | { readonly name: 'closed' };

/** A client that is joined with its target. */
type Opened = {
  readonly splice: Splice;
  readonly fields: ClientFields;
  /** Until it was joined. */
  readonly milliseconds: number;
};

/** Errors are followed by 'close', which is what counts. */
const ignore = () => {};

/** One client, from when its connection is known until it is closed. */
export class ClientConnection {
  readonly #client: RoutedClient;
  readonly #socket: NearEnd;
  readonly #connection: string;
  readonly #accepting: AcceptingIngress;
  readonly #options: ClientOptions;
  readonly #entry: ConnectionEntry;
  readonly #startedAt = performance.now();
  #state: State = { name: 'accepted' };
  #joined: Splice | undefined;

  constructor(connection: string, client: RoutedClient, accepting: AcceptingIngress, options: ClientOptions) {
    this.#connection = connection;
    this.#client = client;
    this.#accepting = accepting;
    this.#socket = client.socket;
    this.#options = options;
    const { source, identity } = client;
    this.#entry = options.connectionLog.begin({
      connection,
      address: source.address,
      port: source.port,
      ingress: accepting.ingress,
      ingressKind: accepting.ingressKind,
      host: identity?.host,
      grant: identity?.grant,
      subject: identity?.subject,
    });
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  /** Identifies the client in the connection log. */
  get id(): string {
    return this.#entry.id;
  }

  /** Whether the client is or was joined with its target. */
  get wasJoined(): boolean {
    return this.#joined !== undefined;
  }

  /** Bytes forwarded so far. */
  get traffic(): ReturnType<Splice['traffic']> {
    return this.#joined?.traffic() ?? { bytesFromSocket: 0, bytesToSocket: 0 };
  }

  /** Joins the client with its target. Resolves when both are closed. Never rejects: that would end the process. */
  async run(): Promise<'opened' | 'failed'> {
    try {
      return await this.#run();
    } catch (error) {
      return this.#breakOff(new TunnelError('INTERNAL', errorText(error)));
    }
  }

  async #run(): Promise<'opened' | 'failed'> {
    const { signal } = this.#client;
    const onAbort = signal && (() => this.abort(codeOf(signal.reason)));
    if (onAbort) signal.addEventListener('abort', onAbort, { once: true });
    try {
      const dialed = await this.#dial();
      const opened = this.#join(dialed);
      this.#ended(opened, await opened.splice.done);
      return 'opened';
    } catch (error) {
      if (this.#joined !== undefined) throw error;
      return this.#fail(error instanceof TunnelError ? error : new TunnelError('INTERNAL', errorText(error)));
    } finally {
      if (onAbort) signal.removeEventListener('abort', onAbort);
    }
  }

  /** Resolves with a target that is ready to be joined. Rejects when there is none, or the client has left. */
  async #dial(): Promise<Dialed> {
    const { source, dialOptions, signal } = this.#client;
    const connection = this.#connection;
    const socket = this.#socket;
    const carry = this.#options.resumeLimits(connection);
    const cancel = new AbortController();
    this.#state = { name: 'dialing', cancel };
    const onGone = () => cancel.abort(new TunnelError('CLIENT_GONE'));
    const onEnd = () => {
      if (isGoneAtEnd(this.#options.kindOf(connection), socket)) onGone();
    };
    // 'close' follows every error.
    socket.on('error', ignore).on('close', onGone).on('end', onEnd);
    // Node notices that a client has disconnected only while it reads from the socket.
    socket.read(0);
    try {
      signal?.throwIfAborted();
      if (this.#options.kindOf(connection) === 'mysql') await turnsToLeave();
      if (socket.readableEnded) onEnd();
      cancel.signal.throwIfAborted();
      const dialed = await this.#options.dial(connection, source.address, cancel.signal, {
        clientPort: source.port,
        carry: carry.for > 0 ? carry : undefined,
        address: dialOptions?.address,
        secure: dialOptions?.secure,
        clientSpeaksFirst: dialOptions?.clientSpeaksFirst,
        entry: this.#entry,
        onDialed: (record) => this.#entry.dialed(record),
      });
      await this.#accept(dialed.target, cancel.signal);
      return dialed;
    } finally {
      socket.off('close', onGone).off('end', onEnd);
    }
  }

  #join(dialed: Dialed): Opened {
    const { metrics, log, halfClosedTimeout, idleTimeout } = this.#options;
    const { reader, reset, isTruncated } = this.#client;
    const { target, agent, agentId, pool, replica, attempts } = dialed;
    const fields = { ...this.#fields, agent, pool, replica };
    const carried =
      target.link === undefined
        ? undefined
        : new CarriedClient(dialed, target.link.id, fields, this.#entry, this.#options);
    const joined = splice(this.#socket, target, {
      carry: carried,
      reader,
      reset,
      isTruncated,
      halfClosedTimeout: halfClosedTimeout(),
      idleTimeout: idleTimeout(),
      socketReset: 'CLIENT_RESET',
      streamReset: 'TARGET_RESET',
    });
    this.#joined = joined;
    this.#state = { name: 'joined', splice: joined };
    carried?.start(joined);
    this.#client.onJoined?.(target, dialed);
    const milliseconds = performance.now() - this.#startedAt;
    metrics.opened(this.#connection, milliseconds / 1000, attempts);
    this.#entry.opened({
      agent,
      agentId,
      pool,
      replica,
      milliseconds,
      traffic: () => trafficOf(joined.traffic()),
    });
    log('connection-opened', { ...fields, attempts, seconds: milliseconds / 1000 });
    return { splice: joined, fields, milliseconds };
  }

  #ended({ fields, milliseconds }: Opened, end: SpliceEnd): void {
    const { metrics, log, isEndLogged, kindOf } = this.#options;
    this.#state = { name: 'closed' };
    const isNormal = isResetAfterEnd(kindOf(this.#connection), end);
    const code = isNormal ? undefined : end.code;
    const detail = isNormal
      ? 'The client finished first, and the target reset the connection after that.'
      : detailOf(end, this.#client.signal);
    metrics.ended(this.#connection, { code });
    const traffic = trafficOf(end);
    this.#entry.ended({ code, detail, traffic });
    if (!isEndLogged(code)) return;
    log('connection-closed', {
      ...fields,
      code,
      detail,
      bytesFromClient: traffic.fromClient,
      bytesToClient: traffic.toClient,
      openMs: Math.round(milliseconds),
      durationMs: Math.round(performance.now() - this.#startedAt),
    });
  }

  /** Ends both sides after a fault of the gateway itself, such as a metric that cannot be counted. */
  #breakOff(error: TunnelError): 'opened' | 'failed' {
    const { code, message: detail } = error;
    const joined = this.#joined;
    this.#state = { name: 'closed' };
    const steps = [
      () => (joined === undefined ? refuseClient(this.#client, error) : joined.abort(code)),
      () => this.#entry.ended({ code, detail, traffic: trafficOf(this.traffic) }),
      () => this.#options.log('connection-failed', { ...this.#fields, code, detail }),
    ];
    for (const step of steps) {
      try {
        step();
      } catch {
        // What failed may be what this step uses. The others still have to happen.
      }
    }
    return joined === undefined ? 'failed' : 'opened';
  }

  /** Cancels the dial, or resets both ends. */
  abort(code: CloseCode): void {
    if (this.#state.name === 'dialing') this.#state.cancel.abort(new TunnelError(code));
    else if (this.#state.name === 'joined') this.#state.splice.abort(code);
  }

  /** Accepts the target's stream and prepares both ends. Refuses the stream if that fails. */
  async #accept(target: TargetStream, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      target.accept();
      await this.#client.prepare?.(target, signal);
      signal.throwIfAborted();
      if (this.#socket.destroyed) throw new TunnelError('CLIENT_GONE');
    } catch (error) {
      target.refuse('CLIENT_GONE');
      throw error;
    }
  }

  /** What identifies the client in every line about it. */
  get #fields() {
    const { source, identity } = this.#client;
    return {
      connection: this.#connection,
      id: this.#entry.id,
      client: source.address,
      clientPort: source.port,
      ingress: this.#accepting.ingress,
      host: identity?.host,
      grant: identity?.grant?.id,
      subject: identity?.subject,
    };
  }

  #fail(error: TunnelError): 'failed' {
    const { log, metrics } = this.#options;
    const { code, message: detail } = error;
    this.#state = { name: 'closed' };
    metrics.failed(this.#connection, code);
    this.#entry.ended({ code, detail, traffic: { fromClient: 0, toClient: 0 } });
    const isCheck = code === 'CLIENT_GONE' && isPortCheck(this.#socket, performance.now() - this.#startedAt);
    log(isCheck ? 'client-left' : 'connection-failed', { ...this.#fields, code, detail });
    refuseClient(this.#client, error);
    return 'failed';
  }
}

const trafficOf = ({ bytesFromSocket, bytesToSocket }: ReturnType<Splice['traffic']>) => ({
  fromClient: bytesFromSocket,
  toClient: bytesToSocket,
});

/** What the code does not say: who finished first, or what became of the grant. */
function detailOf(
  { code, detail, finishedFirst }: SpliceEnd,
  signal: AbortSignal | undefined,
): string | undefined {
  if (code === 'GRANT_INVALID' && signal?.reason instanceof TunnelError) return signal.reason.message;
  if (code === undefined) {
    return finishedFirst === 'stream' ? 'The target finished first.' : 'The client finished first.';
  }
  if (finishedFirst === undefined) return detail;
  return finishedFirst === 'stream'
    ? 'The target had finished its direction before.'
    : 'The client had finished its direction before.';
}

const codeOf = (reason: unknown): CloseCode => (reason instanceof TunnelError ? reason.code : 'INTERNAL');
