import { isIP } from 'node:net';
import { type AgentConfig, type Connector, formatHostPort, type HostPort } from '@penstock/config-schema';
import { type NameCache, orAborted } from '@penstock/runtime';
import { fromDialError, TunnelError } from '@penstock/wire';
import { type DeniedRanges, deniedRanges } from '../policy/denied-ranges.ts';
import { type DialedTarget, dialTarget } from './dial-target.ts';
import { type Address, type Lookup, targetNames } from './lookup.ts';
import { type Endpoint, proxyHeader } from './proxy-header.ts';
import { secureTarget } from './secure-target.ts';

/** A dialed target. Call `release` once its connection has ended; later calls have no effect. */
export type TargetLease = DialedTarget & { readonly release: () => void };

/** What an open specifies besides the connector. See the message `open`. */
export type TargetOptions = {
  readonly secure?: boolean;
  /** One of the connector's announced addresses; the first when omitted. */
  readonly address?: string | undefined;
  /** Reported to a target that expects the PROXY protocol. */
  readonly client?: Endpoint;
};

/**
 * The targets that the agent's configuration names. No other target can be dialed. Connections stay open when a reload
 * removes their connector.
 */
export class Targets {
  #connectors: ReadonlyMap<string, Connector> = new Map();
  #isDenied: DeniedRanges = () => false;
  readonly #names: NameCache;
  readonly #inUse = new Map<string, number>();

  constructor(config: AgentConfig, lookup?: Lookup) {
    this.#names = targetNames(config.dns, lookup);
    this.apply(config);
  }

  /** Applies a configuration to future opens. */
  apply(config: AgentConfig): void {
    this.#connectors = new Map(config.connectors.map((connector) => [connector.name, connector]));
    this.#isDenied = deniedRanges(config.policy.deny);
  }

  /** Opens and live connections, over all connectors. */
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
   * Dials a connector's target within its dialTimeout or `deadline` milliseconds, whichever is less, and performs a TLS
   * handshake if `secure` is set. `cancel` aborts the dial; the dial itself aborts it when the time has passed. Throws
   * TunnelError UNKNOWN_CONNECTOR, AGENT_OVERLOADED, DNS_FAILED, POLICY_DENIED, REFUSED, UNREACHABLE, DIAL_TIMEOUT or
   * TLS_FAILED, or the reason with which `cancel` was aborted.
   */
  async dial(
    name: string,
    deadline: number,
    cancel: AbortController,
    { secure = false, address, client }: TargetOptions = {},
  ): Promise<TargetLease> {
    const connector = this.#connectors.get(name);
    if (connector === undefined) {
      throw new TunnelError('UNKNOWN_CONNECTOR', `agent.yaml has no connector ${name}.`);
    }
    const target = addressOf(connector, address);
    const release = this.#acquire(connector);
    const { host, port } = target;
    const milliseconds = Math.min(deadline, connector.dialTimeout);
    let isResolved = false;
    const onTimeout = () =>
      cancel.abort(
        isResolved
          ? new TunnelError(
              'DIAL_TIMEOUT',
              `${formatHostPort({ host, port })} did not answer within ${milliseconds} ms.`,
            )
          : new TunnelError(
              'DNS_FAILED',
              `The name servers did not answer for ${host} within ${milliseconds} ms.`,
            ),
      );
    const timer = setTimeout(onTimeout, milliseconds);
    try {
      const dialed = await this.#connect(connector, target, cancel.signal, () => {
        isResolved = true;
      });
      sendProxyHeader(dialed, connector, client);
      const ready = secure ? await secureTarget(dialed, connector, cancel.signal) : dialed;
      const { socket, reader, transport } = ready;
      return { socket, reader, transport, release };
    } catch (error) {
      // Another server may have the address by now, for example one without TLS.
      this.#names.failed(host);
      release();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(
    { name }: Connector,
    { host, port }: HostPort,
    signal: AbortSignal,
    onResolved: () => void,
  ): Promise<DialedTarget> {
    const addresses = await this.#allowedAddresses(name, host, signal);
    onResolved();
    try {
      return await dialTarget(host, addresses, port, signal);
    } catch (error) {
      // The name may lead elsewhere by now.
      if (!this.#names.failed(host) || signal.aborted) throw error;
      const isNew = ({ address }: Address) => !addresses.some((each) => each.address === address);
      const others = (await this.#allowedAddresses(name, host, signal)).filter(isNew);
      if (others.length === 0) throw error;
      return dialTarget(host, others, port, signal);
    }
  }

  /** The policy applies to the dialed addresses, because a name can resolve to any address. */
  async #allowedAddresses(name: string, host: string, signal: AbortSignal): Promise<readonly Address[]> {
    const addresses = await this.resolve(host, signal);
    const allowed = addresses.filter(({ address }) => !this.#isDenied(address));
    if (allowed.length > 0 || addresses.length === 0) return allowed;
    throw new TunnelError(
      'POLICY_DENIED',
      `${name}: ${host} resolves to ${addresses[0]?.address}, which policy.deny forbids.`,
    );
  }

  /** The addresses of a host, including forbidden ones. Throws TunnelError DNS_FAILED, or the signal's reason. */
  async resolve(host: string, signal: AbortSignal): Promise<readonly Address[]> {
    const family = isIP(host);
    return family === 0 ? orAborted(this.#lookUp(host), signal) : [{ address: host, family }];
  }

  async #lookUp(host: string): Promise<readonly Address[]> {
    try {
      const addresses = await this.#names.resolve(host);
      // Anything but an address would be resolved again by the dial, bypassing the policy.
      return addresses.filter(({ address }) => isIP(address) !== 0);
    } catch (error) {
      throw fromDialError(error, host);
    }
  }

  #acquire({ name, maxConnections }: Connector): () => void {
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

/** The address of a connector. Throws TunnelError POLICY_DENIED for an address that the configuration does not list. */
function addressOf({ name, address, alternates }: Connector, wanted: string | undefined): HostPort {
  if (wanted === undefined) return address;
  const found = [address, ...alternates].find((each) => formatHostPort(each) === wanted);
  if (found !== undefined) return found;
  throw new TunnelError(
    'POLICY_DENIED',
    `${wanted} is neither the address of ${name} in agent.yaml nor one of its alternates.`,
  );
}

/** Sends the client's address to a target that expects it, before any other byte. */
function sendProxyHeader(
  { socket }: DialedTarget,
  { proxyProtocol }: Connector,
  client: Endpoint | undefined,
): void {
  if (proxyProtocol === undefined) return;
  const to = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
  socket.write(proxyHeader(proxyProtocol, client, to));
}
