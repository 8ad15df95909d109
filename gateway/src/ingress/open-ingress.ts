import { formatHostPort, type IngressKind } from '@penstock/config-schema';
import { createHttpConnectHandler } from './http-connect/http-connect-handler.ts';
import type { CreateHandler, IngressServices, SharedServices } from './ingress-handler.ts';
import { type OpenListener, openListener } from './listener.ts';
import type { IngressBinding, ListenerConfig } from './listener-config.ts';
import { createSniHandler } from './sni/sni-handler.ts';
import { createSocks5Handler } from './socks5/socks5-handler.ts';
import { createTcpHandler } from './tcp/tcp-handler.ts';

/** Opens a listener with the handler of its kind. Throws what listening throws. */
export function openIngress(config: ListenerConfig, shared: SharedServices): Promise<OpenListener> {
  const ingress = formatHostPort(config.listen);
  const denied: IngressServices['denied'] = (source, error, connection) =>
    shared.denied(source, error, connection, ingress);
  const grantRequested: IngressServices['grantRequested'] = (source, connection) =>
    shared.grantRequested(source, connection, ingress);
  const accepting = { ingress, ingressKind: config.kind };
  const serve: IngressServices['serve'] = (connection, client) => shared.serve(connection, client, accepting);
  const services = { ...shared, denied, grantRequested, serve };
  const open = <Kind extends IngressKind>(kind: Kind, createHandler: CreateHandler<Kind>) =>
    openListener(config, services, (bindings) =>
      createHandler(services, () => bindingsOfKind(kind, bindings())),
    );
  switch (config.kind) {
    case 'tcp':
      return open(config.kind, createTcpHandler);
    case 'sni':
      return open(config.kind, createSniHandler);
    case 'socks5':
      return open(config.kind, createSocks5Handler);
    case 'httpConnect':
      return open(config.kind, createHttpConnectHandler);
  }
}

/** Narrows the type: the bindings of a listener are all of its kind. */
function bindingsOfKind<Kind extends IngressKind>(
  kind: Kind,
  bindings: readonly IngressBinding[],
): readonly IngressBinding<Kind>[] {
  return bindings.filter(
    (binding): binding is IngressBinding & IngressBinding<Kind> => binding.ingress.kind === kind,
  );
}
