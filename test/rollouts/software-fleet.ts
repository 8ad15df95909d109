import { setTimeout as delay } from 'node:timers/promises';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { ended, type Shown } from './config-fleet.ts';
import { type Behavior, SimulatedHost } from './simulated-host.ts';

export type SoftwareFleet = AsyncDisposable & {
  readonly pair: Pair;
  readonly hosts: readonly SimulatedHost[];
  /** How hosts behave with a version other than 1.0.0. */
  behave(behavior: Behavior): void;
  /** Rolls a version out in all pools, while clients connect through each of them. Resolves with its end. */
  rollOut(
    version: string,
    more?: Readonly<Record<string, unknown>>,
    onShown?: (shown: Shown) => Promise<void>,
  ): Promise<Shown>;
  /** Waits until every host is connected. */
  allReady(): Promise<unknown>;
  /** Waits until `isIt` is true of a rollout. */
  until(id: string, isIt: (shown: Shown) => boolean): Promise<Shown>;
  /** Clients that were not served, and the least number of ready agents of a pool, since the start. */
  readonly seen: {
    failed: number;
    served: number;
    leastReady: number;
    /** While the test restarts the gateway, which accepts nobody then. */
    isInterrupted: boolean;
  };
};

/** Starts `size` hosts in each pool, which all run 1.0.0, and a gateway that rolls out in seconds. */
export async function startSoftwareFleet(
  pools: readonly string[],
  size: number,
  upgrade: Readonly<Record<string, unknown>>,
  minReady: number,
): Promise<SoftwareFleet> {
  const scope = new AsyncDisposableStack();
  const echo = scope.use(await startEcho());
  const names = pools.flatMap((pool) =>
    Array.from({ length: size }, (_, index) => ({ pool, name: `${pool}-${index}` })),
  );
  const pair = scope.use(
    await startPair({
      targets: Object.fromEntries(pools.map((pool) => [`to-${pool}`, echo.address.port])),
      agents: Object.fromEntries(names.map(({ pool, name }) => [name, pool])),
      gateway: {
        pools: pools.map((name) => ({ name, minReady, upgrade })),
        health: { heartbeatInterval: '200ms', staleAfter: '10s' },
        ejection: { consecutiveFailures: 1000 },
        connections: pools.map((pool) => ({
          name: `to-${pool}`,
          connector: `to-${pool}`,
          pools: [pool],
          ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
        })),
      },
    }),
  );
  let behavior: Behavior = 'good';
  const hosts: SimulatedHost[] = [];
  for (const { pool, name } of names) {
    await pair.stopAgent(name);
    const host = await SimulatedHost.start(pair, {
      name,
      connector: `to-${pool}`,
      target: echo.address.port,
      version: '1.0.0',
      behavior: () => behavior,
    });
    hosts.push(scope.use(host));
  }
  const seen = { failed: 0, served: 0, leastReady: Number.POSITIVE_INFINITY, isInterrupted: false };
  const show = async (id: string) => (await pair.api(`GET /rollouts/${id}`)) as unknown as Shown;
  return {
    pair,
    hosts,
    seen,
    behave(next) {
      behavior = next;
    },
    allReady: () =>
      eventually(
        'every host to be ready',
        async () => {
          const { items } = (await pair.api('GET /pools')) as unknown as {
            readonly items: readonly { readonly ready: number }[];
          };
          return items.every(({ ready }) => ready === size);
        },
        { within: 60_000 },
      ),
    until: (id, isIt) =>
      eventually(
        `rollout ${id}`,
        async () => {
          const shown = await show(id);
          return isIt(shown) && shown;
        },
        { within: 60_000 },
      ),
    async rollOut(version, more = {}, onShown = async () => {}) {
      const stop = new AbortController();
      const clients = pools.flatMap((pool) =>
        Array.from({ length: 3 }, () => keepConnecting(() => pair.port(`to-${pool}`), stop.signal, seen)),
      );
      try {
        const { id } = (await pair.api('POST /rollouts', {
          software: { pools, version },
          ...more,
        })) as unknown as Shown;
        let shown = await show(id);
        await eventually(
          `the rollout of ${version} to end`,
          async () => {
            shown = await show(id);
            await onShown(shown);
            const { items } = (await pair.api('GET /pools')) as unknown as {
              readonly items: readonly { readonly ready: number }[];
            };
            if (!seen.isInterrupted)
              seen.leastReady = Math.min(seen.leastReady, ...items.map(({ ready }) => ready));
            return ended(shown);
          },
          { within: 180_000, state: () => shown },
        );
        return shown;
      } finally {
        stop.abort();
        await Promise.all(clients);
      }
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}

/** Clients that come one after another until `signal` is aborted. */
async function keepConnecting(
  port: () => number,
  signal: AbortSignal,
  seen: SoftwareFleet['seen'],
): Promise<void> {
  while (!signal.aborted) {
    if (seen.isInterrupted) {
      await delay(20);
      continue;
    }
    const isServed = await isEchoed(port()).catch(() => false);
    if (isServed) seen.served += 1;
    else if (!seen.isInterrupted) seen.failed += 1;
  }
}

async function isEchoed(port: number): Promise<boolean> {
  await using client = await TestClient.connect({ host: '127.0.0.1', port });
  client.send('ping');
  return (await client.read(4, 15_000)).toString() === 'ping';
}
