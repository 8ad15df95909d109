import {
  type Connection,
  formatHostPort,
  type GatewayConfig,
  type HostPort,
  type Ingress,
  type IngressKind,
} from '@penstock/config-schema';
import { AllowList } from '../access/allow-list.ts';

/** A connection bound to a listener, with the ingress that binds it. */
export type IngressBinding<Kind extends IngressKind = IngressKind> = Kind extends IngressKind
  ? {
      readonly connection: Connection;
      readonly ingress: Extract<Ingress, { readonly kind: Kind }>;
      readonly allowList: AllowList;
    }
  : never;

/** A listener of the configuration, with every connection that shares it. All its ingresses are of one kind. */
export type ListenerConfig<Kind extends IngressKind = IngressKind> = Kind extends IngressKind
  ? { readonly kind: Kind; readonly listen: HostPort; readonly bindings: readonly IngressBinding<Kind>[] }
  : never;

/**
 * The listeners of a configuration, by a key that stays the same across reloads. A TCP listener is identified by its
 * connection and address, any other by its kind and address. Port 0 is a new port for each TCP ingress, so those are
 * identified by their index as well.
 */
export function listenersOf(config: GatewayConfig): ReadonlyMap<string, ListenerConfig> {
  const found = new Map<string, { kind: IngressKind; listen: HostPort; bindings: IngressBinding[] }>();
  for (const connection of config.connections) {
    for (const [index, ingress] of connection.ingress.entries()) {
      const { kind, listen } = ingress;
      const place = kind === 'tcp' && listen.port === 0 ? `#${index} ` : '';
      const key = `${kind === 'tcp' ? connection.name : kind} ${place}${formatHostPort(listen)}`;
      const listener = found.get(key) ?? { kind, listen, bindings: [] };
      listener.bindings.push({
        connection,
        ingress,
        allowList: new AllowList(ingress.allow),
      } as IngressBinding);
      found.set(key, listener);
    }
  }
  // The key has the kind, so all bindings of a listener are of its kind.
  return found as ReadonlyMap<string, ListenerConfig>;
}
