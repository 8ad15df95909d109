import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../rig/eventually.ts';
import { type Haproxy, startHaproxy } from '../rig/haproxy.ts';
import { FakeHttpProxy } from '../rig/http-proxy.ts';
import { isInstalled } from '../rig/optional.ts';
import { type Logged, type Pair, startPair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { Relay } from '../rig/relay.ts';

const AGENT = new URL('../../agent/bin/penstock-agent.js', import.meta.url).pathname;

/** A link that is dead without a sign of it is noticed after these two. */
const PING = { pingInterval: '1s', pingTimeout: '2s' };

/** A gateway in this process, and an agent in its own. Between them are a forward proxy, a relay, and a real haproxy. */
export type Scene = AsyncDisposable & {
  readonly pair: Pair;
  readonly relay: Relay;
  readonly proxy: FakeHttpProxy;
  /** Undefined if it is not installed. */
  readonly haproxy: Haproxy | undefined;
  readonly agent: ManagedProcess;
  /** Where the agent serves its metrics. */
  readonly local: { readonly address: string; readonly port: number; readonly family: string };
  /** Waits until the agent has both its sessions. */
  connected(): Promise<void>;
  /** Changes the agent's file so that it reaches the gateway by another name: each session is replaced, and retires. */
  replaceSessions(): Promise<void>;
  /** Sessions that have ended, of those that the gateway had welcomed. */
  sessionsEnded(): number;
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
  const haproxy = isInstalled('haproxy')
    ? stack.use(await startHaproxy([pair.gateway.tunnel.port]))
    : undefined;
  const port = haproxy?.port ?? pair.gateway.tunnel.port;
  const relay = stack.use(await Relay.start({ host: '127.0.0.1', port }));
  const toRelay = () => relay.address;
  const proxy = stack.use(await FakeHttpProxy.start({ route: toRelay }));
  const file = join(pair.directory, 'a1.json');
  const tunnel = { ...PING, reconnect: { base: '100ms', max: '1s' } };
  const { connectors } = pair.agentFile('a1') as { readonly connectors: readonly object[] };
  const roomy = connectors.map((connector) => ({ ...connector, maxConnections: 1_000 }));
  let version = 1;
  const write = () => {
    // The certificate is pinned, so the name of the gateway does not matter.
    const host = version % 2 === 1 ? '127.0.0.1' : '127.0.0.2';
    const gateway = { url: `https://${host}:${relay.address.port}`, proxy: proxy.url };
    return writeFile(
      file,
      JSON.stringify(pair.agentFile('a1', { version, gateway, tunnel, connectors: roomy })),
    );
  };
  await write();
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
    haproxy,
    agent,
    local,
    connected,
    async replaceSessions() {
      version += 1;
      await write();
      agent.signal('SIGHUP');
    },
    sessionsEnded: () => pair.logged.filter(({ event }) => isSessionEnd(event)).length,
    resumes: () => pair.logged.filter(({ event }) => event === 'connection-resumed'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const isSessionEnd = (event: string) => event === 'session-lost' || event === 'session-closed';

/** Sessions that were opened and have not ended. */
function sessionsOf({ logged }: Pair): number {
  let open = 0;
  for (const { event } of logged) {
    if (event === 'session-opened') open += 1;
    if (isSessionEnd(event)) open -= 1;
  }
  return open;
}
