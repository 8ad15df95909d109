/**
 * An ingress of a connection, as clients reach it. `host` and `port` are the address that clients connect to; for `sni`,
 * `host` is the server name that they send.
 */
export type IngressEndpoint =
  | ({ readonly kind: 'tcp' } & Address)
  | ({ readonly kind: 'sni'; readonly mode: 'passthrough' | 'terminate' } & Address)
  | ({ readonly kind: 'socks5'; readonly grant: 'required' | 'none' } & Address)
  | ({
      readonly kind: 'httpConnect';
      readonly grant: 'required' | 'none';
      readonly tls: 'on' | 'off';
    } & Address);

type Address = { readonly host: string; readonly port: number };

export type EndpointKind = IngressEndpoint['kind'];
export type EndpointOf<Kind extends EndpointKind> = Extract<IngressEndpoint, { readonly kind: Kind }>;

/** The parts of a string that depend on the user, and the connection that it is for. */
export type Placeholders = {
  readonly connection: string;
  readonly user: string;
  readonly database: string;
  /** Placeholder for the grant, which is never an argument of a command. */
  readonly grant: string;
  /** Address of the target in agent.yaml. Clients of a proxy request it, or the connection's name. */
  readonly target: Address | undefined;
};

/** Formats a host for a URL: IPv6 addresses in brackets. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export const hostPort = ({ host, port }: Address): string => `${urlHost(host)}:${port}`;
