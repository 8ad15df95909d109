import { type CloseCode, TunnelError } from '@penstock/wire';
import type {
  OpenRequest,
  RoutableSession,
  TargetStream,
  UnavailableReason,
} from '../../src/routing/session-contract.ts';

/** What a fake session does with an open: return a stream, fail with a code, or leave it to `answer`. */
export type Outcome = 'ok' | 'wait' | CloseCode;

/** A session without a tunnel. */
export class FakeSession implements RoutableSession {
  readonly identity: RoutableSession['identity'];
  readonly target = {} as TargetStream;
  readonly requests: OpenRequest[] = [];
  bootId = 'boot';
  acceptsOpens = true;
  acceptsResumes = true;
  isSuspect = false;
  readonly ended: string[] = [];
  load = 0;
  unavailableFor: UnavailableReason = 'draining';
  connectors: readonly string[] = ['orders-db'];
  kind = 'tcp';
  outcome: Outcome;
  /** Whether the session ends with its next open. */
  endsOnOpen = false;
  #answer = Promise.withResolvers<TargetStream>();

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

  open(request: OpenRequest): Promise<TargetStream> {
    this.requests.push(request);
    if (this.endsOnOpen) this.acceptsOpens = false;
    if (this.outcome === 'ok') return Promise.resolve(this.target);
    if (this.outcome !== 'wait') return Promise.reject(new TunnelError(this.outcome));
    this.#answer = Promise.withResolvers();
    request.signal.addEventListener('abort', () => this.#answer.reject(request.signal.reason));
    return this.#answer.promise;
  }

  endCarried(id: string): void {
    this.ended.push(id);
  }

  /** Settles the open that waits. */
  answer(outcome: 'ok' | CloseCode): void {
    if (outcome === 'ok') this.#answer.resolve(this.target);
    else this.#answer.reject(new TunnelError(outcome));
  }
}
