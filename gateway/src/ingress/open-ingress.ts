import type { IngressKind } from '@penstock/config-schema';
import { createHttpConnectHandler } from './http-connect/http-connect.ts';
import {
  addressText,
  type CreateHandler,
  type IngressBinding,
  type IngressServices,
  type ListenerConfig,
  type OpenListener,
} from './ingress-handler.ts';
import { openListener } from './listener.ts';
import { createSniHandler } from './sni/sni.ts';
import { createSocks5Handler } from './socks5/socks5.ts';
import { createTcpHandler } from './tcp/tcp.ts';

/** Opens a listener with what its kind does with clients. Throws what listening throws. */
export function openIngress(
  listenerConfig: ListenerConfig,
  services: IngressServices,
): Promise<OpenListener> {
  const ingress = addressText(listenerConfig.listen);
  const denied: IngressServices['denied'] = (source, error, connection) =>
    services.denied(source, error, connection, ingress);
  const own = { ...services, denied };
  const open = <Kind extends IngressKind>(kind: Kind, handle: CreateHandler<Kind>) =>
    openListener(listenerConfig, own, (bindings) => handle(own, () => bindingsOf(kind, bindings())));
  switch (listenerConfig.kind) {
    case 'tcp':
      return open(listenerConfig.kind, createTcpHandler);
    case 'sni':
      return open(listenerConfig.kind, createSniHandler);
    case 'socks5':
      return open(listenerConfig.kind, createSocks5Handler);
    case 'httpConnect':
      return open(listenerConfig.kind, createHttpConnectHandler);
  }
}

/** The ways of a listener are all of its kind. */
function bindingsOf<Kind extends IngressKind>(
  kind: Kind,
  bindings: readonly IngressBinding[],
): readonly IngressBinding<Kind>[] {
  return bindings.filter(
    (binding): binding is IngressBinding & IngressBinding<Kind> => binding.ingress.kind === kind,
  );
}
