import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { runCli } from '../rig/run-cli.ts';
import { quickly, type Shown } from './config-fleet.ts';
import { buildAgents } from './hosts/agent-builds.ts';

const within = 60_000;
const changes = { gateway: { sessions: 1 }, policy: { remote: { upgrade: 'allow' } } };

test('agents in containers are offered a tag, and the rollout goes on when the orchestrator runs it', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: {},
    gateway: { pools: [{ name: 'dc1', upgrade: { ...quickly, deadline: '5m' } }] },
  });
  const builds = await buildAgents([]);
  for (const version of ['1.0.0', '1.1.0'])
    writeFileSync(join(pair.directory, `${version}.mjs`), builds.executable(version));

  // Stands for the orchestrator: it replaces the process, and the volume with the identity stays.
  await using pods = new AsyncDisposableStack();
  const running = new Map<string, ManagedProcess>();
  const run = async (name: string, tag: string) => {
    await running.get(name)?.stop();
    const file = join(pair.directory, `${name}.json`);
    writeFileSync(file, JSON.stringify(pair.agentFile(name, changes)));
    const pod = await ManagedProcess.start({
      args: [join(pair.directory, `${tag}.mjs`), 'run', '--config', file],
      env: { PENSTOCK_CONTAINER: '1', TOKEN: pair.token },
    });
    running.set(name, pods.use(pod));
    await pod.json({ event: 'session-ready' }, within);
  };
  await Promise.all(['a1', 'a2'].map((name) => run(name, '1.0.0')));

  const rollout = (...words: readonly string[]) =>
    runCli(['rollout', ...words], {
      PENSTOCK_URL: `http://127.0.0.1:${pair.gateway.admin.port}`,
      PENSTOCK_TOKEN: pair.adminToken,
    });
  const created = await rollout('create', '--pool', 'dc1', '--software', '1.1.0', '--output', 'json');
  assert.equal(created.exitCode, 0, created.stderr);
  const { id } = JSON.parse(created.stdout) as Shown;
  const waiting = rollout('show', id, '--wait', '--timeout', '3m');
  const show = async () => (await pair.api(`GET /rollouts/${id}`)) as unknown as Shown;
  for (const group of [0, 1]) {
    const offered = await eventually(
      `an agent of group ${group} to be offered the tag`,
      async () => (await show()).agents.find((each) => each.group === group && each.state === 'offered'),
      { within, every: 50 },
    );
    await eventually(
      'the tag to be shown',
      async () =>
        /offered .*Run the image with the tag 1\.1\.0, or install that version\./.test(
          (await rollout('show', id)).stdout,
        ),
      { within, every: 100 },
    );
    await run(offered.name, '1.1.0');
  }
  const { exitCode, stderr } = await waiting;
  assert.equal(exitCode, 0, stderr);
  const done = await show();
  assert.deepEqual([done.state, ...done.agents.map(({ state }) => state)], ['done', 'updated', 'updated']);
  const { items } = (await pair.api('GET /agents')) as unknown as {
    readonly items: readonly { readonly name: string; readonly softwareVersion: string }[];
  };
  assert.deepEqual(items.map(({ name, softwareVersion }) => `${name} ${softwareVersion}`).sort(), [
    'a1 1.1.0',
    'a2 1.1.0',
  ]);
});
