import type { Enrollment } from '../load/agent-identity.ts';
import type { Address as DialAddress } from '../load/dial.ts';
import type { Place } from '../process/child.ts';

export const routeNames = ['direct', 'node-tls', 'haproxy', 'ssh', 'penstock'] as const;
export type RouteName = (typeof routeNames)[number];

export type Address = { readonly host: string; readonly port: number };

/** Where the routes end; the same behind TLS, with its certificate and key as PEM. */
export type Target = Address & {
  readonly tls: { readonly port: number; readonly certificate: string; readonly key: string };
};

export const wayNames = ['tcp', 'sni-passthrough', 'sni-terminate', 'socks5', 'http-connect'] as const;
export type WayName = (typeof wayNames)[number];

/** The two ends of a route: where its client-side and its target-side process run. On loopback both are here. */
export type Places = { readonly gateway: Place; readonly agent: Place };

/** One end of a running route. */
export type RouteProcess = {
  readonly role: 'gateway' | 'agent';
  /** The process and what it has forked. */
  pids(): Promise<readonly number[]>;
  /** How late its event loop was since this was asked before: the 99th percentile in milliseconds. */
  readonly delay?: () => Promise<number>;
  /** Brings the memory to rest before it is read. */
  settle(): Promise<void>;
};

export type RunningRoute = {
  readonly name: RouteName;
  /** Where the load generator connects. */
  readonly address: Address;
  readonly processes: readonly RouteProcess[];
  /** Where there are several ways in: how the load generator takes each. */
  readonly ways?: Readonly<Record<WayName, DialAddress>>;
  /** Where there is a gateway that agents enroll with: a token for so many of them, and where to bring it. */
  readonly enrollment?: (uses: number) => Promise<Enrollment>;
  /** The API of the gateway, and an admin token for it. */
  readonly api?: { readonly url: string; readonly token: string };
  stop(): Promise<void>;
};

/** One way from the client to the target. */
export type Route = {
  readonly name: RouteName;
  /** Version and settings, for the report. Undefined when the software is not on this machine. */
  describe(): Promise<string | undefined>;
  /** Starts it; resolves when it carries connections. `scratch` is a directory of its own. */
  start(target: Target, places: Places, scratch: string): Promise<RunningRoute>;
};
