import { timingSafeEqual } from 'node:crypto';
import { BriefSet } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';
import type { ClientSource } from '../client-source.ts';
import type { IngressServices } from '../ingress-handler.ts';

/** A PostgreSQL client that is joined with its server. */
export type CancelableClient = {
  readonly address: string;
  readonly connection: string;
  readonly agentId: string;
  /** Whether the agent, not the client, speaks TLS with the server. */
  readonly secure: boolean;
  /** The key from the server's BackendKeyData; undefined until it has arrived, and if the client's TLS hides it. */
  key: Buffer | undefined;
};

/** Servers to which a request with an unknown key is forwarded at most. */
const MAX_SERVERS = 8;
/** Position of the key, after length and code. */
const KEY_OFFSET = 8;

/**
 * Forwards PostgreSQL CancelRequests. A request does not say for which connection it is, so it is forwarded to the
 * server whose client has the same key. If no client is known to have it, it is forwarded to the servers of those
 * clients at the same address whose key is hidden by their TLS (docs/decisions/0011).
 */
export class CancelRequests {
  readonly #services: Pick<IngressServices, 'dial' | 'elsewhere'>;
  readonly #port: string;
  readonly #clients = new BriefSet<CancelableClient>();

  /** `port`: host and port of the ingress in the configuration, the same at all replicas. */
  constructor(services: Pick<IngressServices, 'dial' | 'elsewhere'>, port: string) {
    this.#services = services;
    this.#port = port;
  }

  /** Adds a client. The caller must call the returned function when the client is closed. */
  track(client: CancelableClient): () => void {
    return this.#clients.add(client);
  }

  /**
   * Forwards a request and resolves when its streams are closed. Rejects with TunnelError if there is no matching
   * client or if all servers fail.
   */
  async forward(request: Buffer, source: ClientSource, signal: AbortSignal): Promise<void> {
    const { servers, isCertain } = this.#serversFor(request.subarray(KEY_OFFSET), source.address);
    // A load balancer may have sent the request to another replica than the client.
    const elsewhere = isCertain
      ? Promise.resolve(false)
      : this.#services.elsewhere.cancel(
          { port: this.#port, request, address: source.address, clientPort: source.port },
          signal,
        );
    if (servers.length === 0) {
      if (await elsewhere) return;
      throw new TunnelError(
        'CLIENT_DENIED',
        'A CancelRequest has neither the key nor the address of a client of this port.',
      );
    }
    const failure = await this.#deliverAll(request, servers, source, signal);
    if (!(await elsewhere) && failure !== undefined) throw failure;
  }

  /** Forwards a request that arrived at another replica. Resolves to whether there was a client for it. Never rejects. */
  async forwardHere(request: Buffer, source: ClientSource, signal: AbortSignal): Promise<boolean> {
    const { servers } = this.#serversFor(request.subarray(KEY_OFFSET), source.address);
    if (servers.length === 0) return false;
    return (await this.#deliverAll(request, servers, source, signal)) === undefined;
  }

  /** Resolves to the error of a server if all of them failed. */
  async #deliverAll(
    request: Buffer,
    servers: readonly CancelableClient[],
    source: ClientSource,
    signal: AbortSignal,
  ): Promise<unknown> {
    const outcomes = await Promise.allSettled(
      servers.map((server) => this.#deliver(request, server, source, signal)),
    );
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    return outcomes.every(({ status }) => status === 'rejected') ? failure?.reason : undefined;
  }

  /** `isCertain`: a client has the key, so no other can. */
  #serversFor(
    key: Buffer,
    address: string,
  ): { readonly servers: readonly CancelableClient[]; readonly isCertain: boolean } {
    const clients = [...this.#clients];
    const owners = clients.filter((each) => each.key !== undefined && isSame(each.key, key));
    const candidates = clients.filter(
      (each) => each.key === undefined && !each.secure && each.address === address,
    );
    const servers = new Map<string, CancelableClient>();
    for (const each of owners.length > 0 ? owners : candidates) {
      servers.set(`${each.connection} ${each.agentId}`, each);
    }
    return { servers: [...servers.values()].slice(0, MAX_SERVERS), isCertain: owners.length > 0 };
  }

  /** Uses the agent of the client's own connection: the same address may be another server for another agent. */
  async #deliver(
    request: Buffer,
    { connection, agentId, secure }: CancelableClient,
    { address, port }: ClientSource,
    signal: AbortSignal,
  ): Promise<void> {
    const options = { onlyAgent: agentId, clientPort: port, ...(secure && { secure }) };
    const { target } = await this.#services.dial(connection, address, signal, options);
    const { stream } = target;
    // Lost in the same turn: 'close' has been emitted already.
    if (stream.destroyed) return;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const onAbort = () => target.refuse('CLIENT_GONE');
    stream.on('error', () => {}).once('close', resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      target.accept();
      // The server sends no response. It closes the connection once it has processed the request.
      stream.resume();
      stream.write(request);
      stream.end();
    } catch {
      target.refuse('CLIENT_GONE');
    }
    await closed;
    signal.removeEventListener('abort', onAbort);
  }
}

const isSame = (one: Buffer, other: Buffer) => one.length === other.length && timingSafeEqual(one, other);
