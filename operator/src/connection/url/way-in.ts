/**
 * One way into a connection, as a client reaches it. `name` is the connection's; `host` and `port` are where clients
 * connect to, but for `sni`, whose `host` is the server name that they ask for.
 */
export type WayIn =
  | ({ readonly kind: 'tcp' } & Place)
  | ({ readonly kind: 'sni'; readonly mode: 'passthrough' | 'terminate' } & Place)
  | ({ readonly kind: 'socks5'; readonly grant: 'required' | 'none' } & Place)
  | ({
      readonly kind: 'httpConnect';
      readonly grant: 'required' | 'none';
      readonly tls: 'on' | 'off';
    } & Place);

type Place = { readonly host: string; readonly port: number };

export type WayKind = WayIn['kind'];
export type WayOf<Kind extends WayKind> = Extract<WayIn, { readonly kind: Kind }>;

/** What the people who paste a string fill in themselves, and the connection that it leads to. */
export type Blanks = {
  readonly connection: string;
  readonly user: string;
  readonly database: string;
  /** Stands where a grant belongs; the grant itself is never an argument of a command. */
  readonly grant: string;
  /** Address of the target as agent.yaml has it; clients of a proxy ask for it, or for the connection's name. */
  readonly target: Place | undefined;
};

/** As it stands in a URL: IPv6 in brackets. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export const hostPort = ({ host, port }: Place): string => `${urlHost(host)}:${port}`;
