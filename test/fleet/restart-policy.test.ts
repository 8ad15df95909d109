import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { webhookReceiver } from '../rig/webhook-receiver.ts';

const within = 60_000;

type Items<Item> = { readonly items: readonly Item[] };
type AgentShown = { readonly id: string; readonly lastHeartbeat?: string };

const restartsOf = async (pair: Pair, name: string) => {
  const { id } = (await pair.api(`GET /agents/${name}`)) as unknown as AgentShown;
  const { items } = (await pair.api(
    `GET /audit?action=agent.restart&subject=agent:${id}`,
  )) as unknown as Items<{ readonly actor: string }>;
  return items.map(({ actor }) => actor);
};

/** Resolves with the name of the agent that is asked to restart first. */
const nextRestart = (pair: Pair, names: readonly string[]) =>
  Promise.race(names.map((name) => pair.agents.get(name)?.restartRequested.then(() => name)));

test('agents that lose a connector are restarted one after the other, as often as the pool allows, then it is an alert', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using unreachable = await startEcho();
  unreachable.refuse();
  await using webhook = await webhookReceiver();
  const connector = (port: number) => ({
    connectors: [{ name: 'orders', kind: 'tcp', address: `127.0.0.1:${port}`, check: { interval: '1s' } }],
  });
  const restart = { when: ['connector-failing'], for: '1s', atMost: { count: 1, per: '1h' } };
  await using pair = await startPair({
    targets: { orders: echo.address.port },
    agents: { a3: 'dc1' },
    gateway: {
      pools: [{ name: 'dc1', minReady: 2, restart }],
      health: { heartbeatInterval: '1s' },
      alerts: [{ condition: 'restart-exhausted', receivers: ['ops'] }],
      receivers: [{ name: 'ops', webhook: '${env:OPS_WEBHOOK_URL}', groupWait: '0s' }],
    },
    environment: { OPS_WEBHOOK_URL: webhook.url },
    agent: { ...connector(echo.address.port), policy: { remote: { restart: 'allow' } } },
  });
  const failing = connector(unreachable.address.port);
  await pair.startAgent('a1', failing);
  await pair.startAgent('a2', failing);

  const first = (await nextRestart(pair, ['a1', 'a2'])) ?? '';
  const second = first === 'a1' ? 'a2' : 'a1';
  assert.equal((await pair.event('agent-restarted', { past: true }))['agent'], first);
  await pair.stopAgent(first);
  // The other one waits until the first is back (control-plane/test/restarts has the reasons, by a fake clock).
  const other = nextRestart(pair, [second]);
  await pair.startAgent(first, failing);
  assert.equal(await other, second);
  await pair.stopAgent(second);
  await pair.startAgent(second, failing);

  type Alert = { readonly condition: string; readonly subject: string; readonly detail: string };
  const exhausted = async () =>
    ((await pair.api('GET /alerts?state=firing')) as unknown as Items<Alert>).items;
  await eventually('both to be restarted no more', async () => (await exhausted()).length === 2, {
    within,
    every: 250,
    state: () => pair.logged.slice(-10),
  });
  for (const { detail } of await exhausted())
    assert.equal(detail, 'The check of connector orders fails. It was restarted once without success.');
  for (const [name, actors] of [
    ['a1', ['restart-policy']],
    ['a2', ['restart-policy']],
    ['a3', []],
  ] as const)
    assert.deepEqual(await restartsOf(pair, name), actors, name);

  await unreachable.listen();
  await eventually('the alerts to be resolved', async () => (await exhausted()).length === 0, {
    within,
    every: 250,
  });
});
