import type { ConnectorKind } from '@penstock/config-schema';
import { everyDriver } from './every-driver.ts';
import type { IngressEndpoint, Placeholders } from './ingress-endpoint.ts';
import { type Driver, type Recipe, recipeFor } from './recipe.ts';

/** An ingress of a connection as it is bound, and as the API lists it. */
export type BoundIngress = {
  readonly kind: IngressEndpoint['kind'];
  readonly port: number;
  readonly host?: string | undefined;
  readonly mode?: 'passthrough' | 'terminate' | undefined;
  readonly grant?: 'required' | 'none' | undefined;
  readonly tls?: 'on' | 'off' | undefined;
};

/** How one driver uses one ingress. */
export type ConnectionString = {
  readonly driver: Driver;
  readonly endpoint: IngressEndpoint;
  readonly recipe: Recipe;
};

/** The drivers for a kind of connection, in display order; none if there are none for it. */
export function driversFor(kind: ConnectorKind | undefined): readonly Driver[] {
  return everyDriver.filter((driver) => driver.kind === kind);
}

/** What each driver needs for each ingress. `clientHost` is the host by which clients reach the gateway. */
export function connectionStrings(
  drivers: readonly Driver[],
  ingress: readonly BoundIngress[],
  { clientHost, ...placeholders }: Placeholders & { readonly clientHost: string },
): readonly ConnectionString[] {
  const endpoints = ingress.map((each) => endpointOf(each, clientHost));
  return drivers.flatMap((driver) =>
    endpoints.map((endpoint) => ({ driver, endpoint, recipe: recipeFor(driver, endpoint, placeholders) })),
  );
}

function endpointOf(ingress: BoundIngress, clientHost: string): IngressEndpoint {
  const { kind, port, grant = 'required' } = ingress;
  if (kind === 'sni')
    return { kind, port, host: ingress.host ?? clientHost, mode: ingress.mode ?? 'passthrough' };
  if (kind === 'socks5') return { kind, port, host: clientHost, grant };
  if (kind === 'httpConnect') return { kind, port, host: clientHost, grant, tls: ingress.tls ?? 'on' };
  return { kind, port, host: clientHost };
}
