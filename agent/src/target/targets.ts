import type { AgentConfig, Connector } from '@penstock/config-schema';
import { fromDialError, TunnelError } from '@penstock/wire';
import { type DeniedRanges, deniedRanges } from '../policy/denied-ranges.ts';
import { type DialedTarget, dialTarget } from './dial-target.ts';
import { cachedLookup, type Lookup } from './resolve.ts';

/** One dialed target; `release` must be called once, when its connection has ended. */
export type TargetLease = DialedTarget & { readonly release: () => void };

/**
 * The targets this agent's own file names, and nothing else. Follows the configuration; what is already open stays
 * open when its connector leaves the file.
 */
export class Targets {
  #connectors: ReadonlyMap<string, Connector> = new Map();
  #isDenied: DeniedRanges = () => false;
  #lookup: Lookup;
  readonly #inUse = new Map<string, number>();

  constructor(config: AgentConfig, lookup?: Lookup) {
    this.#lookup = cachedLookup({ ttl: config.dns.cacheTtl, size: config.dns.cacheSize }, lookup);
    this.apply(config);
  }

  /** Puts a configuration in force for the opens to come. */
  apply(config: AgentConfig): void {
    this.#connectors = new Map(config.connectors.map((connector) => [connector.name, connector]));
    this.#isDenied = deniedRanges(config.policy.deny);
  }

  /** Opens and live connections of all connectors. */
  get inUse(): number {
    return this.#inUse.values().reduce((sum, count) => sum + count, 0);
  }

  /**
   * Dials a connector's target. Throws TunnelError: UNKNOWN_CONNECTOR, AGENT_OVERLOADED, DNS_FAILED, POLICY_DENIED,
   * REFUSED, UNREACHABLE, DIAL_TIMEOUT; `signal`'s reason when it is aborted.
   */
  async dial(name: string, signal: AbortSignal): Promise<TargetLease> {
    const connector = this.#connectors.get(name);
    if (connector === undefined) {
      throw new TunnelError('UNKNOWN_CONNECTOR', `This agent's file has no connector ${name}.`);
    }
    const release = this.#take(connector);
    const timeout = AbortSignal.timeout(connector.dialTimeout);
    try {
      return { ...(await this.#connect(connector, AbortSignal.any([timeout, signal]))), release };
    } catch (error) {
      release();
      const { host, port } = connector.address;
      if (!signal.aborted && timeout.aborted) {
        throw new TunnelError(
          'DIAL_TIMEOUT',
          `${host}:${port} did not answer within ${connector.dialTimeout} ms.`,
        );
      }
      throw error;
    }
  }

  async #connect({ name, address: { host, port } }: Connector, signal: AbortSignal): Promise<DialedTarget> {
    const addresses = await unlessAborted(
      this.#lookup(host).catch((error: unknown) => {
        throw fromDialError(error, host);
      }),
      signal,
    );
    // Checked on what is dialed and not on the name: a name can be pointed anywhere.
    const allowed = addresses.filter(({ address }) => !this.#isDenied(address));
    if (allowed.length === 0 && addresses.length > 0) {
      throw new TunnelError(
        'POLICY_DENIED',
        `${name}: ${host} resolves to ${addresses[0]?.address}, which policy.deny forbids.`,
      );
    }
    return dialTarget(host, allowed, port, signal);
  }

  #take({ name, maxStreams }: Connector): () => void {
    const count = this.#inUse.get(name) ?? 0;
    if (count >= maxStreams) {
      throw new TunnelError('AGENT_OVERLOADED', `${name} has its maxStreams of ${maxStreams} connections.`);
    }
    this.#inUse.set(name, count + 1);
    let release = () => {
      release = () => {};
      const left = (this.#inUse.get(name) ?? 1) - 1;
      if (left === 0) this.#inUse.delete(name);
      else this.#inUse.set(name, left);
    };
    return () => release();
  }
}

function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', abort));
}
