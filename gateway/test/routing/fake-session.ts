import { EventEmitter } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { type CloseCode, TunnelError } from '@penstock/wire';
import type { DialSession } from '../../src/routing/dial.ts';
import type { OpenRequest } from '../../src/tunnel/data-streams.ts';
import type { UnavailableReason } from '../../src/tunnel/session.ts';

/** What a fake session does with an open: bring a stream, fail with a code, or leave it to `answer`. */
export type Outcome = 'ok' | 'wait' | CloseCode;

/** A session that has no wire behind it. */
export class FakeSession implements DialSession {
  readonly identity: DialSession['identity'];
  readonly stream = new EventEmitter() as ServerHttp2Stream;
  readonly requests: OpenRequest[] = [];
  acceptsOpens = true;
  load = 0;
  unavailableFor: UnavailableReason = 'draining';
  connectors: readonly string[] = ['orders-db'];
  kind = 'tcp';
  outcome: Outcome;
  #answer = Promise.withResolvers<ServerHttp2Stream>();

  constructor(agent: string, pool: string, outcome: Outcome = 'ok') {
    this.identity = { agentId: `id-${agent}`, name: agent, pool };
    this.outcome = outcome;
  }

  get unavailableReason(): UnavailableReason | undefined {
    return this.acceptsOpens ? undefined : this.unavailableFor;
  }

  offers(connector: string): boolean {
    return this.connectors.includes(connector);
  }

  connector(name: string): { readonly kind: string } | undefined {
    return this.offers(name) ? { kind: this.kind } : undefined;
  }

  open(request: OpenRequest): Promise<ServerHttp2Stream> {
    this.requests.push(request);
    if (this.outcome === 'ok') return Promise.resolve(this.stream);
    if (this.outcome !== 'wait') return Promise.reject(new TunnelError(this.outcome));
    this.#answer = Promise.withResolvers();
    request.signal.addEventListener('abort', () => this.#answer.reject(request.signal.reason));
    return this.#answer.promise;
  }

  /** Ends the open that waits. */
  answer(outcome: 'ok' | CloseCode): void {
    if (outcome === 'ok') this.#answer.resolve(this.stream);
    else this.#answer.reject(new TunnelError(outcome));
  }
}
