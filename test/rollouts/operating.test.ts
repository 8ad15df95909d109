import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type CliResult, runCli } from '../rig/run-cli.ts';
import { startEcho } from '../rig/targets.ts';
import { type ConfigFleet, ended, quickly, type Shown, startConfigFleet } from './config-fleet.ts';

const agents = { a1: 'dc1', a2: 'dc1', a3: 'dc1' };
const connector = (port: number) => ({
  connectors: [{ name: 'orders', kind: 'tcp', address: `127.0.0.1:${port}`, check: { interval: '1s' } }],
});

/** The commands of penstock-gateway against the API of a running gateway, as an operator types them. */
function commandsOf({ pair }: ConfigFleet) {
  const rollout = (...words: readonly string[]): Promise<CliResult> =>
    runCli(['rollout', ...words], {
      PENSTOCK_URL: `http://127.0.0.1:${pair.gateway.admin.port}`,
      PENSTOCK_TOKEN: pair.adminToken,
    });
  const created = async (...words: readonly string[]) => {
    const { stdout, stderr, exitCode } = await rollout(
      'create',
      '--pool',
      'dc1',
      ...words,
      '--output',
      'json',
    );
    assert.equal(exitCode, 0, stderr);
    return (JSON.parse(stdout) as Shown).id;
  };
  return { rollout, created };
}

test('a rollout that halts is tried again when its cause is gone; --wait says how both ended', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  // The target of the new version, which is down at first.
  await using replaced = await startEcho();
  replaced.refuse();
  await using fleet = await startConfigFleet({
    targets: { orders: echo.address.port },
    agents,
    gateway: {
      pools: [{ name: 'dc1', pinning: 'enforce', minReady: 1, upgrade: { ...quickly, probation: '5s' } }],
      health: { heartbeatInterval: '1s' },
    },
    agent: { connectors: [] },
  });
  const { rollout } = commandsOf(fleet);
  await fleet.publish(1, connector(echo.address.port));
  for (const name of Object.keys(agents)) fleet.deploy(name, 1);
  await fleet.pair.api('PUT /pins/pools/dc1', { version: 1 });
  await fleet.publish(2, connector(replaced.address.port));

  const waiting = rollout(
    ...['create', '--pool', 'dc1', '--config', '2', '--on-failure', 'halt', '--wait', '--timeout', '2m'],
  );
  const { id } = await fleet.newest();
  // An offer stays until `follow` deploys it. The command looks every second, and must see it.
  await eventually('an offer', async () =>
    (await fleet.show(id)).agents.some(({ state }) => state === 'offered'),
  );
  const heartbeat = async () => Date.parse(String((await fleet.pair.api('GET /agents/a1'))['lastHeartbeat']));
  const before = await heartbeat();
  await eventually('three seconds of heartbeats', async () => (await heartbeat()) - before >= 3_000);
  const halted = await fleet.follow(id, ({ state }) => state === 'halted' || state === 'done', 2, 1);
  assert.match(halted.reason ?? '', /^Canary a\d failed: The check of connector orders fails\.$/);
  const failed = await waiting;
  assert.equal(failed.exitCode, 1, failed.stderr);
  assert.match(failed.stderr, /^canary: 2 pending, 1 offered\.$/m, 'the progress');
  assert.ok(failed.stderr.includes(`Rollout ${id} is halted. ${halted.reason}\n`), failed.stderr);
  assert.match((await rollout('show', id)).stdout, /^reason\s+Canary a\d failed: The check/m);

  await replaced.listen();
  const retried = rollout('retry', id, '--wait', '--timeout', '2m', '--output', 'json');
  await fleet.follow(id, ({ state }) => state !== 'halted', 2, 1);
  const done = await fleet.follow(id, (shown) => shown.state === 'halted' || ended(shown), 2, 1);
  assert.equal(done.state, 'done', JSON.stringify(done));
  const { exitCode, stdout, stderr } = await retried;
  assert.equal(exitCode, 0, stderr);
  const { state, counts } = JSON.parse(stdout) as { state: string; counts: { updated: number } };
  assert.deepEqual([state, counts.updated], ['done', 3]);
});

test('a rollout in progress is paused, resumed, and sent back; what has begun goes on meanwhile', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using fleet = await startConfigFleet({
    targets: { orders: echo.address.port },
    agents,
    // The canary is looked at while it is in probation, and the rollout is paused before the soak is over.
    gateway: {
      pools: [{ name: 'dc1', minReady: 1, upgrade: { ...quickly, probation: '2s', soak: '2s' } }],
    },
  });
  const { rollout, created } = commandsOf(fleet);
  await fleet.publish(1);
  for (const name of Object.keys(agents)) fleet.deploy(name, 1);
  await fleet.pair.api('PUT /pins/pools/dc1', { version: 1 });
  await fleet.publish(2, { log: { level: 'debug' } });
  const inState = ({ agents }: Shown, state: string) => agents.filter((each) => each.state === state).length;

  const id = await created('--config', '2');
  await fleet.follow(id, (shown) => inState(shown, 'probation') === 1, 2, 1);
  assert.match((await rollout('pause', id, '--reason', 'lunch')).stdout, /^paused: .* lunch\n$/);
  const paused = await fleet.follow(id, (shown) => inState(shown, 'updated') === 1, 2, 1);
  assert.deepEqual([paused.state, inState(paused, 'pending')], ['paused', 2]);

  const resumed = rollout('resume', id, '--wait', '--timeout', '2m');
  await fleet.follow(id, (shown) => shown.state === 'group' && inState(shown, 'updated') > 1, 2, 1);
  assert.equal((await rollout('cancel', id, '--roll-back')).exitCode, 0);
  const back = await fleet.follow(id, ended, 2, 1);
  assert.equal(back.state, 'rolled-back', JSON.stringify(back));
  const { exitCode, stderr } = await resumed;
  assert.equal(exitCode, 1, stderr);
  assert.match(stderr, new RegExp(`Rollout ${id} was rolled back\\. Cancelled by admin-token:`));
  for (const name of Object.keys(agents)) {
    const { config } = (await fleet.pair.api(`GET /agents/${name}`)) as { config?: { version: number } };
    assert.equal(config?.version, 1, name);
  }
  const { items } = (await fleet.pair.api(`GET /audit?subject=rollout:${id}`)) as unknown as {
    readonly items: readonly { readonly action: string; readonly actor: string }[];
  };
  for (const action of ['rollout.create', 'rollout.pause', 'rollout.resume', 'rollout.cancel'])
    assert.match(items.find((each) => each.action === action)?.actor ?? '', /^admin-token:/, action);
});
