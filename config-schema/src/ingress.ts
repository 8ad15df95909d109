import type { HostPort } from './agent-config.ts';

type CommonIngress = {
  readonly listen: HostPort;
  /** CIDR ranges that clients may connect from. Never empty: 0.0.0.0/0 and ::/0 allow everyone. */
  readonly allow: readonly string[];
  /**
   * Connections from these CIDR ranges must begin with a PROXY protocol header, which is not accepted from others. The
   * same for all connections of one listener.
   */
  readonly proxyProtocol: { readonly from: readonly string[] } | undefined;
};

/** A TCP port dedicated to one connection. */
export type TcpIngress = CommonIngress & { readonly kind: 'tcp' };

/** A TLS port shared by connections that differ in `host`, which is in lower case. */
export type SniIngress = CommonIngress & {
  readonly kind: 'sni';
  readonly host: string;
  readonly mode: 'passthrough' | 'terminate';
};

/** A SOCKS5 proxy for the connections that share `listen`. If `grant` is `none`, only `allow` is checked. */
export type Socks5Ingress = CommonIngress & { readonly kind: 'socks5'; readonly grant: 'required' | 'none' };

/** A proxy for HTTP CONNECT; `tls` is the same for all connections that share `listen`. */
export type HttpConnectIngress = CommonIngress & {
  readonly kind: 'httpConnect';
  readonly grant: 'required' | 'none';
  readonly tls: 'on' | 'off';
};

/** One ingress of a connection. */
export type Ingress = TcpIngress | SniIngress | Socks5Ingress | HttpConnectIngress;
export type IngressKind = Ingress['kind'];
