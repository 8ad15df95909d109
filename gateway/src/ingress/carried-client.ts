import type { CarryOptions, SessionLoss, Splice } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { ConnectionEntry } from '../control-plane-port.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import type { Dialed } from '../routing/dial.ts';
import type { CarriedConnection, Resumer } from '../routing/resume.ts';
import type { ResumeLimits } from '../routing/session-contract.ts';

export type CarriedClientOptions = {
  readonly resumer: Pick<Resumer, 'resume' | 'canMove' | 'end'>;
  readonly resumeLimits: (connection: string) => ResumeLimits;
  readonly log: DataPlaneLog;
  readonly metrics: GatewayMetrics;
};

export type ClientFields = {
  readonly connection: string;
  readonly client: string;
  readonly clientPort: number;
  readonly agent: string;
  readonly pool: string;
};

/** Keeps one client connected while the sessions under it come and go. Call `start` when it is joined with its target. */
export class CarriedClient implements CarryOptions {
  readonly sent: readonly Buffer[];
  readonly received: number;
  readonly #id: string;
  readonly #agent: Pick<Dialed, 'agentId' | 'bootId'>;
  readonly #connector: string;
  readonly #fields: ClientFields;
  readonly #entry: Pick<ConnectionEntry, 'adrift' | 'resumed'>;
  readonly #options: CarriedClientOptions;
  /** Milliseconds for which the agent keeps the connection without a session, at most. */
  readonly #keptFor: number;
  #splice: Splice | undefined;
  #isResuming = false;
  /** Streams that this gateway has accepted. */
  #streams = 1;

  constructor(
    { target, agentId, bootId, connector }: Dialed,
    id: string,
    fields: ClientFields,
    entry: Pick<ConnectionEntry, 'adrift' | 'resumed'>,
    options: CarriedClientOptions,
  ) {
    ({ sent: this.sent, received: this.received } = target.beforeJoin);
    this.#id = id;
    this.#agent = { agentId, bootId };
    this.#connector = connector;
    this.#fields = fields;
    this.#entry = entry;
    this.#options = options;
    this.#keptFor = options.resumeLimits(fields.connection).for;
  }

  start(splice: Splice): void {
    this.#splice = splice;
    if (splice.isAdrift) this.onAdrift('closed');
  }

  onAdrift(loss: SessionLoss): void {
    void this.#resume(loss);
  }

  onRetiring(): void {
    if (this.#options.resumer.canMove(this.#agent)) void this.#resume('silent');
  }

  /** Goes on with other streams until the connection has one, or ends it. Never rejects. */
  async #resume(loss: SessionLoss): Promise<void> {
    const splice = this.#splice;
    // A session can be lost, or retire, while the connection waits for another one.
    if (splice === undefined || this.#isResuming) return;
    const { resumer, resumeLimits, metrics } = this.#options;
    const limits = resumeLimits(this.#fields.connection);
    const milliseconds = loss === 'silent' ? limits.for : Math.min(limits.for, limits.closed);
    const ended = new AbortController();
    void splice.done.then(() => ended.abort(new TunnelError('CLIENT_GONE')));
    const carried: CarriedConnection = {
      id: this.#id,
      ...this.#agent,
      connector: this.#connector,
      connection: this.#fields.connection,
      client: this.#fields.client,
    };
    this.#isResuming = true;
    metrics.adrift(1);
    if (splice.isAdrift) {
      this.#entry.adrift();
      this.#options.log('connection-adrift', { ...this.#fields, keptBytes: splice.owedBytes });
    }
    try {
      do await this.#attach(splice, carried, milliseconds, ended.signal);
      while (splice.isAdrift);
      metrics.resumed('ok');
    } catch (error) {
      if (!ended.signal.aborted) this.#giveUp(splice, carried, error);
      // The client has left while it had no stream: its agent still holds the target.
      else resumer.end(carried, [carried.id], 'CLIENT_GONE', this.#keptFor);
    } finally {
      metrics.adrift(-1);
      this.#isResuming = false;
    }
  }

  /** Attaches the next stream, which may be lost again immediately. */
  async #attach(
    splice: Splice,
    carried: CarriedConnection,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const startedAt = performance.now();
    splice.detach();
    const position = () => ({ received: splice.received, streams: this.#streams });
    const target = await this.#options.resumer.resume(carried, position, milliseconds, signal);
    try {
      target.accept();
    } catch {
      // Lost before it was used.
      return;
    }
    this.#streams += 1;
    splice.attach(target, target.peerReceived);
    this.#entry.resumed(target.replica);
    this.#options.log('connection-resumed', {
      ...this.#fields,
      milliseconds: Math.round(performance.now() - startedAt),
      resentBytes: splice.owedBytes,
    });
  }

  #giveUp(splice: Splice, carried: CarriedConnection, error: unknown): void {
    const code = error instanceof TunnelError ? error.code : 'INTERNAL';
    this.#options.metrics.resumed(code);
    if (code === 'RESUME_UNKNOWN') splice.abandon('SESSION_LOST');
    else splice.abort(code);
    // The agent may be allowed to wait for longer than this gateway did.
    if (code === 'SESSION_LOST') this.#options.resumer.end(carried, [carried.id], code, this.#keptFor);
  }
}
