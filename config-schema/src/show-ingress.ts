import { formatHostPort } from './field/host-port.ts';
import type { Ingress } from './ingress.ts';

/** One ingress as written in the file, including defaults. */
export function shownIngress(ingress: Ingress): object {
  const { allow, proxyProtocol } = ingress;
  const listen = formatHostPort(ingress.listen);
  switch (ingress.kind) {
    case 'tcp':
      return { tcp: listen, allow, proxyProtocol };
    case 'sni':
      return { sni: { listen, host: ingress.host }, allow, mode: ingress.mode, proxyProtocol };
    case 'socks5':
      return { socks5: { listen }, allow, grant: ingress.grant, proxyProtocol };
    case 'httpConnect':
      return { httpConnect: { listen }, allow, grant: ingress.grant, tls: ingress.tls, proxyProtocol };
  }
}
