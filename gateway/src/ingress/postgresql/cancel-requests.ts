import { timingSafeEqual } from 'node:crypto';
import { TunnelError } from '@penstock/wire';
import type { ClientSource } from '../client-source.ts';
import type { IngressServices } from '../ingress-handler.ts';

/** One PostgreSQL client that is joined with its server. */
export type LiveClient = {
  readonly address: string;
  readonly connection: string;
  readonly agentId: string;
  /** Whether the agent speaks TLS with the server. */
  readonly secure: boolean;
  /** The key that the server gave to this client; undefined as long as it has not, and where TLS hides it. */
  key: Buffer | undefined;
};

/** Servers that one request of unknown destination is brought to at most. */
const MAX_SERVERS = 8;
/** Length and code come before the key. */
const KEY_AT = 8;

/**
 * Brings a PostgreSQL CancelRequest, which names no connection, to the server it is for: the one whose client has its
 * key. Where the key of a client is hidden by its TLS, to the servers that the same address is connected with at this
 * moment, and never to others (docs/decisions/0012).
 */
export class CancelRequests {
  readonly #services: Pick<IngressServices, 'dial'>;
  readonly #live = new Set<LiveClient>();

  constructor(services: Pick<IngressServices, 'dial'>) {
    this.#services = services;
  }

  /** Makes a client known. What comes back must be called when it is gone. */
  add(client: LiveClient): () => void {
    this.#live.add(client);
    return () => this.#live.delete(client);
  }

  /** Brings a request to its server, or its possible servers, and waits until they have it. Throws TunnelError. */
  async bring(request: Buffer, source: ClientSource, signal: AbortSignal): Promise<void> {
    const servers = this.#serversFor(request.subarray(KEY_AT), source.address);
    if (servers.length === 0) {
      throw new TunnelError(
        'CLIENT_DENIED',
        'A query was to be canceled, and neither the key nor the address is that of a client of this port.',
      );
    }
    const outcomes = await Promise.allSettled(
      servers.map((server) => this.#deliver(request, server, source, signal)),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined && outcomes.every(({ status }) => status === 'rejected')) throw failure.reason;
  }

  #serversFor(key: Buffer, address: string): readonly LiveClient[] {
    const live = [...this.#live];
    const owners = live.filter((each) => each.key !== undefined && isSame(each.key, key));
    const possible = live.filter(
      (each) => each.key === undefined && !each.secure && each.address === address,
    );
    const servers = new Map<string, LiveClient>();
    for (const each of owners.length > 0 ? owners : possible) {
      servers.set(`${each.connection} ${each.agentId}`, each);
    }
    return [...servers.values()].slice(0, MAX_SERVERS);
  }

  /** Through the agent that the client's own connection goes through: another one may have another server there. */
  async #deliver(
    request: Buffer,
    { connection, agentId, secure }: LiveClient,
    { address, port }: ClientSource,
    signal: AbortSignal,
  ): Promise<void> {
    const wishes = { onlyAgent: agentId, clientPort: port, ...(secure && { secure }) };
    const { target } = await this.#services.dial(connection, address, signal, wishes);
    const { stream } = target;
    // Lost in the same turn: its 'close' has been, and would be waited for in vain.
    if (stream.destroyed) return;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const abort = () => target.refuse('CLIENT_GONE');
    stream.on('error', () => {}).once('close', resolve);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      target.accept();
      // The server says nothing, and closes when it has done what it was asked for.
      stream.resume();
      stream.end(request);
    } catch {
      target.refuse('CLIENT_GONE');
    }
    await closed;
    signal.removeEventListener('abort', abort);
  }
}

const isSame = (one: Buffer, other: Buffer) => one.length === other.length && timingSafeEqual(one, other);
