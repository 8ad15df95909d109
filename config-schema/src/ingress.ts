import type { HostPort } from './agent-config.ts';

type WayIn = {
  readonly listen: HostPort;
  /** CIDR ranges clients may come from. Never empty: open to everyone is written as 0.0.0.0/0 and ::/0. */
  readonly allow: readonly string[];
  /**
   * From these CIDR ranges a PROXY protocol header must come, and from everywhere else none is taken. The same for
   * all connections of one listener.
   */
  readonly proxyProtocol: { readonly from: readonly string[] } | undefined;
};

/** A TCP port of one connection. */
export type TcpIngress = WayIn & { readonly kind: 'tcp' };

/** A TLS port shared by connections that differ in `host`, which is in lower case. */
export type SniIngress = WayIn & {
  readonly kind: 'sni';
  readonly host: string;
  readonly mode: 'passthrough' | 'terminate';
};

/** A SOCKS5 proxy for the connections that share `listen`. `grant` is `none` where `allow` alone decides. */
export type Socks5Ingress = WayIn & { readonly kind: 'socks5'; readonly grant: 'required' | 'none' };

/** A proxy for HTTP CONNECT; `tls` is the same for all connections that share `listen`. */
export type HttpConnectIngress = WayIn & {
  readonly kind: 'httpConnect';
  readonly grant: 'required' | 'none';
  readonly tls: 'on' | 'off';
};

/** One way in for the clients of a connection. */
export type Ingress = TcpIngress | SniIngress | Socks5Ingress | HttpConnectIngress;
export type IngressKind = Ingress['kind'];
