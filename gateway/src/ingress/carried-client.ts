import type { CarryOptions, SessionLoss, Splice } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
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

type ClientFields = {
  readonly connection: string;
  readonly client: string;
  readonly clientPort: number;
  readonly agent: string;
  readonly pool: string;
};

/** Keeps one client connected while the sessions under it come and go. Call `start` when it is joined with its target. */
export class CarriedClient {
  readonly options: CarryOptions;
  readonly #carried: CarriedConnection;
  readonly #fields: ClientFields;
  readonly #options: CarriedClientOptions;
  /** Aborted when the connection has ended. */
  readonly #ended = new AbortController();
  #splice: Splice | undefined;
  #isResuming = false;

  constructor(
    { target, agentId, connector }: Dialed,
    id: string,
    fields: ClientFields,
    options: CarriedClientOptions,
  ) {
    this.#carried = { id, agentId, connector, connection: fields.connection, client: fields.client };
    this.#fields = fields;
    this.#options = options;
    this.options = {
      ...target.beforeJoin,
      onAdrift: (loss) => void this.#resume(loss),
      onRetiring: () => {
        if (options.resumer.canMove(agentId)) void this.#resume('silent');
      },
    };
  }

  start(splice: Splice): void {
    this.#splice = splice;
    void splice.done.then(() => this.#ended.abort(new TunnelError('CLIENT_GONE')));
    if (splice.isAdrift) void this.#resume('closed');
  }

  /** Goes on with other streams until the connection has one, or ends it. Never rejects. */
  async #resume(loss: SessionLoss): Promise<void> {
    const splice = this.#splice;
    // A session can be lost, or retire, while the connection waits for another one.
    if (splice === undefined || this.#isResuming) return;
    const { resumer, resumeLimits, metrics } = this.#options;
    const limits = resumeLimits(this.#fields.connection);
    const milliseconds = loss === 'silent' ? limits.for : Math.min(limits.for, limits.closed);
    this.#isResuming = true;
    metrics.adrift(1);
    if (splice.isAdrift)
      this.#options.log('connection-adrift', { ...this.#fields, keptBytes: splice.keptBytes });
    try {
      do await this.#attach(splice, milliseconds);
      while (splice.isAdrift);
      metrics.resumed('ok');
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#giveUp(splice, error);
      // The client has left while it had no stream: its agent still holds the target.
      else resumer.end(this.#carried, 'CLIENT_GONE', milliseconds);
    } finally {
      metrics.adrift(-1);
      this.#isResuming = false;
    }
  }

  /** Attaches the next stream, which may be lost again immediately. */
  async #attach(splice: Splice, milliseconds: number): Promise<void> {
    const startedAt = performance.now();
    const { signal } = this.#ended;
    splice.detach();
    const target = await this.#options.resumer.resume(
      this.#carried,
      () => splice.received,
      milliseconds,
      signal,
    );
    try {
      target.accept();
    } catch {
      // Lost before it was used.
      return;
    }
    splice.attach(target, target.peerReceived);
    this.#options.log('connection-resumed', {
      ...this.#fields,
      milliseconds: Math.round(performance.now() - startedAt),
      resentBytes: splice.keptBytes,
    });
  }

  #giveUp(splice: Splice, error: unknown): void {
    const code = error instanceof TunnelError ? error.code : 'INTERNAL';
    this.#options.metrics.resumed(code);
    if (code === 'RESUME_UNKNOWN') splice.abandon('SESSION_LOST');
    else splice.abort(code);
  }
}
