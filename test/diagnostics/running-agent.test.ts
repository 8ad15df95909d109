import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../processes/programs.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';

test('a running agent is found with a broken file and without the variables it was started with', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { echo: 1 }, agents: { a1: 'dc1' } });
  await pair.connected('a1');
  await eventually('readiness', () => pair.agents.get('a1')?.status().ready);
  const file = join(pair.directory, 'agent.yaml');
  const whole = JSON.stringify(pair.agentFile('a1'), undefined, 1);
  // The port is chosen by the system: only the agent itself knows it.
  assert.match(whole, /127\.0\.0\.1:0/);
  const broken: Readonly<Record<string, string>> = {
    'a misspelt field': whole.replace('"connectors"', '"conectors"'),
    'a variable that is not set here': whole.replace('"name": "a1"', '"name": "${env:HOSTNAME}"'),
    'a missing file': whole.replace('"url": ', '"proxy": "${file:absent}", "url": '),
    'broken YAML': `${whole.trimEnd().replace(/\}$/, '')}\n, "log": {"level": "info"`,
  };
  assert.equal(Object.keys(broken).length, 4);
  for (const [what, text] of Object.entries(broken)) {
    await writeFile(file, text);
    const validated = await runCommand('agent', ['config', 'validate', file]);
    assert.notEqual(validated.code, 0, what);
    const ready = await runCommand('agent', ['ready', '--config', file]);
    assert.deepEqual([ready.code, ready.stderr], [0, ''], what);
  }
  const status = await runCommand('agent', ['status', '--config', file]);
  assert.equal(status.code, 0, status.stderr);
  assert.match(status.stdout, /ready\s+yes/);
  const identity = await runCommand('agent', ['identity', 'show', '--config', file]);
  assert.match(identity.stdout, /name\s+a1/);
  const doctor = await runCommand('agent', ['doctor', '--config', file, '--output', 'json']);
  const { ok, steps } = JSON.parse(doctor.stdout) as {
    ok: boolean;
    steps: { step: string; verdict: string }[];
  };
  assert.equal(ok, false);
  assert.deepEqual(
    steps.map(({ step, verdict }) => `${step} ${verdict}`),
    ['configuration failed', 'control stream ok'],
  );

  const announced = join(pair.directory, 'a1', 'running.json');
  if (process.platform !== 'win32') assert.equal((await stat(announced)).mode & 0o777, 0o600);
  await pair.stopAgent('a1');
  assert.equal((await readdir(join(pair.directory, 'a1'))).includes('running.json'), false);
  const stopped = await runCommand('agent', ['ready', '--config', file]);
  assert.equal(stopped.code, 1);
  assert.match(stopped.stderr, /No agent is running with \S+agent\.yaml/);
});

test('an agent that the gateway routes nothing to is not ready, and status says why and names the last failure', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { echo: 1 }, agents: { a1: 'dc1' } });
  await pair.connected('a1');
  const daemon = pair.agents.get('a1');
  assert.ok(daemon);
  await eventually('readiness', () => daemon.status().ready);
  await pair.api('POST /agents/a1/drain');
  await eventually('the drained agent not to be ready', () => !daemon.status().ready);
  assert.match(
    daemon.status().reasons.join(),
    /routes no new connections to this agent: its state there is draining/,
  );
  const { address, port } = daemon.local;
  assert.equal(
    (await fetch(`http://${address}:${port}/readyz`, { headers: { connection: 'close' } })).status,
    503,
  );
  await pair.api('POST /agents/a1/resume');
  await eventually('the resumed agent to be ready', () => daemon.status().ready);
  await pair.gateway.stop();
  await eventually('a failure', () => daemon.status().lastFailure !== undefined);
  await pair.restartGateway();
  await eventually('readiness again', () => daemon.status().ready, { within: 20_000 });
  const file = join(pair.directory, 'agent.yaml');
  await writeFile(file, JSON.stringify(pair.agentFile('a1')));
  const { stdout } = await runCommand('agent', ['status', '--config', file]);
  assert.match(stdout, /last failure\s+20\d\d-/);
});
