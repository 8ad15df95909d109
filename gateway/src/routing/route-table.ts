import type { Connection, GatewayConfig } from '@penstock/config-schema';

/** The connector that an agent must offer for a connection, and the pools to select agents from, in order. */
export type Route = Pick<Connection, 'name' | 'connector' | 'pools' | 'maxConnections'> &
  Partial<Pick<Connection, 'kind' | 'resumeFor'>>;

/** The connections of the configuration in force. */
export class RouteTable {
  #routes: ReadonlyMap<string, Route> = new Map();
  #pools: ReadonlyMap<string, GatewayConfig['pools'][number]> = new Map();

  constructor(config: GatewayConfig) {
    this.apply(config);
  }

  apply(config: GatewayConfig): void {
    this.#routes = new Map(config.connections.map((connection) => [connection.name, connection]));
    this.#pools = new Map(config.pools.map((pool) => [pool.name, pool]));
  }

  route(connection: string): Route | undefined {
    return this.#routes.get(connection);
  }

  pool(name: string): GatewayConfig['pools'][number] | undefined {
    return this.#pools.get(name);
  }

  get routes(): Iterable<Route> {
    return this.#routes.values();
  }

  get pools(): Iterable<GatewayConfig['pools'][number]> {
    return this.#pools.values();
  }
}
