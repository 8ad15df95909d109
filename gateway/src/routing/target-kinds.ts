import { type ConnectorKind, connectorKinds } from '@penstock/config-schema';
import type { RouteTable } from './route-table.ts';
import type { RoutableSession } from './session-contract.ts';

type Announcing = Pick<RoutableSession, 'connector'>;

/** What speaks at the targets of connections. */
export class TargetKinds {
  readonly #routes: Pick<RouteTable, 'route'>;
  readonly #sessionsOf: (pool: string) => Iterable<Announcing>;

  constructor(routes: Pick<RouteTable, 'route'>, sessionsOf: (pool: string) => Iterable<Announcing>) {
    this.#routes = routes;
    this.#sessionsOf = sessionsOf;
  }

  /** `kind` in gateway.yaml, or what the first connected agent with the connector announces. Undefined: not known. */
  of(connection: string): ConnectorKind | undefined {
    const route = this.#routes.route(connection);
    if (route === undefined) return undefined;
    if (route.kind !== undefined) return route.kind;
    for (const pool of route.pools) {
      for (const session of this.#sessionsOf(pool)) {
        const kind = session.connector(route.connector)?.kind;
        if (kind !== undefined) return connectorKinds.find((each) => each === kind);
      }
    }
    return undefined;
  }
}
