import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../rig/eventually.ts';
import { type Logged, type Pair, startPair } from '../../rig/pair.ts';
import { ManagedProcess } from '../../rig/process.ts';
import { Relay } from '../../rig/relay.ts';
import { startEcho } from '../../rig/targets.ts';
import { StuckTarget } from './stuck-target.ts';

const AGENT = new URL('../../../agent/bin/penstock-agent.js', import.meta.url).pathname;

export type DarkAgent = { readonly name: string; readonly relay: Relay; readonly process: ManagedProcess };

/** A gateway in this process and agents in their own, all with default settings, and a link for each agent. */
export type DarkScene = AsyncDisposable & {
  readonly pair: Pair;
  readonly agents: readonly DarkAgent[];
  readonly port: number;
  /** A target that reads nothing but what it is told to. */
  readonly stuck: StuckTarget;
  /** Events that the gateway has logged since `from`. */
  since(from: number, event: string): readonly Logged[];
};

/** `delay`: milliseconds in each direction. */
export async function startDarkScene(names: readonly string[], delay = 0): Promise<DarkScene> {
  await using stack = new AsyncDisposableStack();
  const echo = stack.use(await startEcho());
  const stuck = stack.use(await StuckTarget.start());
  const targets = { echo: echo.address.port, stuck: stuck.port };
  const pair = stack.use(await startPair({ targets, agents: {} }));
  const agents: DarkAgent[] = [];
  for (const name of names) {
    const relay = stack.use(await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port }));
    relay.delay(delay);
    const file = join(pair.directory, `${name}.json`);
    const gateway = { url: `https://127.0.0.1:${relay.address.port}` };
    const connectors = Object.entries(targets).map(([connector, port]) => ({
      name: connector,
      kind: 'tcp',
      address: `127.0.0.1:${port}`,
      maxConnections: 2_000,
    }));
    await writeFile(file, JSON.stringify(pair.agentFile(name, { gateway, connectors })));
    const process = stack.use(
      await ManagedProcess.start({ args: [AGENT, 'run', '--config', file], env: { TOKEN: pair.token } }),
    );
    agents.push({ name, relay, process });
  }
  const ready = () =>
    pair.logged.filter(({ event }) => event === 'session-opened').length -
    pair.logged.filter(({ event }) => event === 'session-lost' || event === 'session-closed').length;
  await eventually('all sessions', () => ready() === 2 * names.length, { within: 120_000 });
  const owned = stack.move();
  return {
    pair,
    agents,
    port: pair.port('echo'),
    stuck,
    since: (from, event) => pair.logged.slice(from).filter((entry) => entry.event === event),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
