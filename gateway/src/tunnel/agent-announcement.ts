import type { AgentMessageOf } from '@penstock/wire';
import { type OfferedConnector, offeredConnectors } from './offered-connector.ts';

/** What an agent has announced on a session: its hello, kept up to date by `config` messages. */
export class AgentAnnouncement {
  #hello: AgentMessageOf<'hello'> | undefined;
  #connectors: ReadonlyMap<string, OfferedConnector> = new Map();

  /** The hello with the configuration and connectors announced last; undefined until the agent has sent it. */
  get hello(): AgentMessageOf<'hello'> | undefined {
    return this.#hello;
  }

  set(hello: AgentMessageOf<'hello'>): void {
    this.#hello = hello;
    this.#connectors = offeredConnectors(hello.connectors);
  }

  /** Applies a reload. Does nothing before the hello. */
  reload({ config, connectors, policy }: AgentMessageOf<'config'>): void {
    if (this.#hello !== undefined)
      this.set({ ...this.#hello, config, connectors, ...(policy && { policy }) });
  }

  /** `address`: one of the connector's addresses, in the form of `hostPortText`; any when omitted. */
  offers(connector: string, address?: string): boolean {
    const offered = this.#connectors.get(connector);
    return offered !== undefined && (address === undefined || offered.addresses.has(address));
  }

  connector(name: string): OfferedConnector | undefined {
    return this.#connectors.get(name);
  }

  /** An address of a connector as the agent itself spelled it: the agent compares the text. */
  spellingOf(connector: string, address: string): string {
    return this.#connectors.get(connector)?.addresses.get(address) ?? address;
  }
}
