import type { Enrollment } from '../load/agent-identity.ts';
import type { Address as DialAddress } from '../load/dial.ts';
import type { Place } from '../process/child.ts';

export const routeNames = [
  'direct',
  'node-tls',
  'node-h2',
  'haproxy',
  'ssh',
  'chisel',
  'frp',
  'rathole',
  'penstock',
] as const;
export type RouteName = (typeof routeNames)[number];

export type Address = { readonly host: string; readonly port: number };

/** The destination of all routes, in plaintext and with TLS; certificate and key are PEM. */
export type Target = Address & {
  readonly tls: { readonly port: number; readonly certificate: string; readonly key: string };
};

export const ingressNames = ['tcp', 'sni-passthrough', 'sni-terminate', 'socks5', 'http-connect'] as const;
export type IngressName = (typeof ingressNames)[number];

/** Where the client-side and the target-side process of a route run. On loopback, both run on this host. */
export type Places = {
  readonly gateway: Place;
  readonly agent: Place;
  /** Puts a link in front of the address at which one end of a route accepts the other, and returns the address of the link. */
  readonly throughLink?: (end: Address) => Promise<Address>;
};

/** One end of a running route. */
export type RouteProcess = {
  readonly role: 'gateway' | 'agent';
  /** The process and its descendants. */
  pids(): Promise<readonly number[]>;
  /** Delay of its event loop since the previous call: the 99th percentile in milliseconds. */
  readonly delay?: () => Promise<number>;
  /** Collects garbage before the memory is read. */
  settle(): Promise<void>;
};

export type RunningRoute = {
  readonly name: RouteName;
  /** Where the load generator connects. */
  readonly address: Address;
  readonly processes: readonly RouteProcess[];
  /** Cuts the link between both ends, if the route was started with one. */
  readonly cut?: () => void;
  /** How the load generator connects to each kind of ingress, if the route has several. */
  readonly ingress?: Readonly<Partial<Record<IngressName, DialAddress>>>;
  /** If agents can enroll: creates a token with this many uses, and returns it with the address of the gateway. */
  readonly enrollment?: (uses: number) => Promise<Enrollment>;
  /** The API of the gateway, and an admin token for it. */
  readonly api?: { readonly url: string; readonly token: string };
  stop(): Promise<void>;
};

/** A path from the client to the target. */
export type Route = {
  readonly name: RouteName;
  /** Version and settings, for the report. Undefined if the software is not installed. */
  describe(): Promise<string | undefined>;
  /** Starts the route; resolves when it accepts connections. `scratch` is its own directory. */
  start(target: Target, places: Places, scratch: string): Promise<RunningRoute>;
};
