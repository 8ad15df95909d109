import { isIP } from 'node:net';
import { type AgentConfig, type Connector, formatHostPort, type HostPort } from '@penstock/config-schema';
import { fromDialError, TunnelError } from '@penstock/wire';
import { type DeniedRanges, deniedRanges } from '../policy/denied-ranges.ts';
import { type DialedTarget, dialTarget } from './dial-target.ts';
import type { Address, Lookup } from './lookup.ts';
import { type Endpoint, proxyHeader } from './proxy-header.ts';
import { cachedLookup } from './resolve.ts';
import { secureTarget } from './secure-target.ts';

/** One dialed target; `release` must be called once, when its connection has ended. */
export type TargetLease = DialedTarget & { readonly release: () => void };

/** What the gateway wants of a target beyond its connector; see the message `open`. */
export type TargetWishes = {
  readonly secure?: boolean;
  /** One of the connector's addresses as this agent tells them; its first when left out. */
  readonly address?: string | undefined;
  /** Told to a target that takes the PROXY protocol. */
  readonly client?: Endpoint;
};

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

  connector(name: string): Connector | undefined {
    return this.#connectors.get(name);
  }

  /** Whether policy.deny forbids this resolved address. */
  isDenied(address: string): boolean {
    return this.#isDenied(address);
  }

  /**
   * Dials a connector's target within its dialTimeout, or within `deadline` milliseconds if that is less, and speaks
   * TLS with it where it is to be `secure`. `cancel` ends the dial when its caller aborts it, and is aborted when time is up. Throws TunnelError: UNKNOWN_CONNECTOR,
   * AGENT_OVERLOADED, DNS_FAILED, POLICY_DENIED, REFUSED, UNREACHABLE, DIAL_TIMEOUT, TLS_FAILED, or what `cancel` was aborted with.
   */
  async dial(
    name: string,
    deadline: number,
    cancel: AbortController,
    { secure = false, address, client }: TargetWishes = {},
  ): Promise<TargetLease> {
    const connector = this.#connectors.get(name);
    if (connector === undefined) {
      throw new TunnelError('UNKNOWN_CONNECTOR', `This agent's file has no connector ${name}.`);
    }
    const target = addressOf(connector, address);
    const release = this.#take(connector);
    const { host, port } = target;
    const milliseconds = Math.min(deadline, connector.dialTimeout);
    const late = () =>
      cancel.abort(
        new TunnelError('DIAL_TIMEOUT', `${host}:${port} did not answer within ${milliseconds} ms.`),
      );
    const timer = setTimeout(late, milliseconds);
    try {
      const dialed = await this.#connect(connector, target, cancel.signal);
      introduce(dialed, connector, client);
      const ready = secure ? await secureTarget(dialed, connector, cancel.signal) : dialed;
      return { ...ready, release };
    } catch (error) {
      release();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect({ name }: Connector, { host, port }: HostPort, signal: AbortSignal): Promise<DialedTarget> {
    const addresses = await this.resolve(host, signal);
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

  /** The addresses of a host, forbidden ones among them. Throws TunnelError DNS_FAILED, or the signal's reason. */
  async resolve(host: string, signal: AbortSignal): Promise<readonly Address[]> {
    const family = isIP(host);
    return family === 0 ? unlessAborted(this.#ask(host), signal) : [{ address: host, family }];
  }

  async #ask(host: string): Promise<readonly Address[]> {
    try {
      const addresses = await this.#lookup(host);
      // What is no address would be resolved once more, past the policy.
      return addresses.filter(({ address }) => isIP(address) !== 0);
    } catch (error) {
      throw fromDialError(error, host);
    }
  }

  #take({ name, maxConnections }: Connector): () => void {
    const count = this.#inUse.get(name) ?? 0;
    if (count >= maxConnections) {
      throw new TunnelError('AGENT_OVERLOADED', `${name} has reached maxConnections (${maxConnections}).`);
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

/** What a connector has under an address. Throws TunnelError POLICY_DENIED for one that its file does not list. */
function addressOf({ name, address, alternates }: Connector, wanted: string | undefined): HostPort {
  if (wanted === undefined) return address;
  const found = [address, ...alternates].find((each) => formatHostPort(each) === wanted);
  if (found !== undefined) return found;
  throw new TunnelError(
    'POLICY_DENIED',
    `${wanted} is neither the address of ${name} in this agent's file nor one of its alternates.`,
  );
}

/** Tells the target who the client is, where it wants to know, before anything else is said. */
function introduce(
  { socket }: DialedTarget,
  { proxyProtocol }: Connector,
  client: Endpoint | undefined,
): void {
  if (proxyProtocol === undefined) return;
  const to = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
  socket.write(proxyHeader(proxyProtocol, client, to));
}

function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', abort));
}
