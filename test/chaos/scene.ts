import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../rig/eventually.ts';
import { FakeHttpProxy } from '../rig/http-proxy.ts';
import { type Logged, type Pair, startPair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { Relay } from '../rig/relay.ts';

const AGENT = new URL('../../agent/bin/penstock-agent.js', import.meta.url).pathname;

/** A link that is dead without a sign of it is noticed after these two. */
const PING = { pingInterval: '1s', pingTimeout: '2s' };

/** A gateway in this process, and an agent in its own, which reaches the gateway through a proxy and a relay. */
export type Scene = AsyncDisposable & {
  readonly pair: Pair;
  readonly relay: Relay;
  readonly proxy: FakeHttpProxy;
  readonly agent: ManagedProcess;
  /** Where the agent serves its metrics. */
  readonly local: { readonly address: string; readonly port: number; readonly family: string };
  /** Waits until the agent has both its sessions. */
  connected(): Promise<void>;
  resumes(): readonly Logged[];
};

/** `changes` are merged into the gateway's file. */
export async function startScene(
  targets: Readonly<Record<string, number>>,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const pair = await startPair({
    targets,
    agents: {},
    gateway: { tunnel: PING, ...changes },
  });
  stack.use(pair);
  const relay = stack.use(await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port }));
  const proxy = stack.use(await FakeHttpProxy.start());
  const file = join(pair.directory, 'a1.json');
  const gateway = { url: `https://127.0.0.1:${relay.address.port}`, proxy: proxy.url };
  const tunnel = { ...PING, reconnect: { base: '100ms', max: '1s' } };
  const { connectors } = pair.agentFile('a1') as { readonly connectors: readonly object[] };
  const roomy = connectors.map((connector) => ({ ...connector, maxConnections: 1_000 }));
  await writeFile(file, JSON.stringify(pair.agentFile('a1', { gateway, tunnel, connectors: roomy })));
  const agent = stack.use(
    await ManagedProcess.start({ args: [AGENT, 'run', '--config', file], env: { TOKEN: pair.token } }),
  );
  const { address } = await agent.json({ event: 'local-listening' }, 60_000);
  const local = { address: '127.0.0.1', port: Number(String(address).split(':').at(-1)), family: 'IPv4' };
  const ready = () => sessionsOf(pair);
  const connected = async () => {
    await eventually('the agent to have both sessions', () => ready() >= 2, {
      within: 60_000,
      state: () => agent.output.slice(-2000),
    });
  };
  await connected();
  const owned = stack.move();
  return {
    pair,
    relay,
    proxy,
    agent,
    local,
    connected,
    resumes: () => pair.logged.filter(({ event }) => event === 'connection-resumed'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Sessions that were opened and have not ended. */
function sessionsOf({ logged }: Pair): number {
  let open = 0;
  for (const { event } of logged) {
    if (event === 'session-opened') open += 1;
    if (event === 'session-lost' || event === 'session-closed') open -= 1;
  }
  return open;
}
