import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentFile, gatewayFile, makeSite, portOf, runCommand } from '../processes/programs.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startEcho } from '../rig/targets.ts';

type Step = { readonly step: string; readonly verdict: string; readonly message: string };

test('commands, doctor and restart, with real processes', async (t) => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using site = await makeSite();
  const gatewayYaml = await site.write('gateway.yaml', gatewayFile());
  const init = await runCommand('gateway', ['init', '--config', gatewayYaml, '--output', 'json']);
  assert.equal(init.code, 0, init.stderr);
  const made = JSON.parse(init.stdout) as { pins: string[]; adminToken: { token: string } };
  const gateway = await site.start('gateway', 'gateway.yaml');
  const admin = portOf(await gateway.json({ event: 'admin-listening' }, 30_000));
  const tunnelPort = portOf(await gateway.json({ event: 'tunnel-listening' }));
  const api = { PENSTOCK_URL: `http://127.0.0.1:${admin}`, PENSTOCK_TOKEN: made.adminToken.token };
  const operate = (...words: string[]) => runCommand('gateway', words, api);
  const token = await operate('token', 'create', '--pool', 'dc1', '--output', 'json');
  const TOKEN = (JSON.parse(token.stdout) as { token: string }).token;
  const { port } = echo.address;
  const facts = { tunnelPort, pin: made.pins[0] ?? '', targets: { echo: port } };
  const changes = {
    policy: { probe: { allow: [`127.0.0.1:${port}`] }, remote: { restart: 'allow' } },
    // The port is assigned by the system, so the test reads it from the log and writes it to the doctor's file.
    local: { listen: '127.0.0.1:0' },
  };
  const file = await site.write('agent.yaml', agentFile(facts, changes));

  await t.test('the doctor of a host that has not enrolled looks at all it can', async () => {
    const { code, stdout } = await runCommand('agent', ['doctor', '--config', file, '--output', 'json'], {
      TOKEN,
    });
    const { ok, steps } = JSON.parse(stdout) as { ok: boolean; steps: Step[] };
    assert.deepEqual([code, ok], [0, true], stdout);
    assert.deepEqual(
      steps.map(({ step, verdict }) => `${step} ${verdict}`),
      [
        'configuration ok',
        'identity ok',
        'proxy ok',
        'dns ok',
        'tcp ok',
        'tls ok',
        'http2 ok',
        'clock ok',
        'admission skipped',
        'enrollment token ok',
        'control stream skipped',
        'connector echo ok',
      ],
    );
  });

  const agent = await site.start('agent', 'agent.yaml', { TOKEN });
  await agent.json({ event: 'session-ready', session: 1 }, 30_000);
  const localPort = portOf(await agent.json({ event: 'local-listening' }));
  const seen = await site.write(
    'doctor.yaml',
    agentFile(facts, { ...changes, local: { listen: `127.0.0.1:${localPort}` } }),
  );

  await t.test('the doctor does not affect the sessions of a running agent', async () => {
    const { code, stdout } = await runCommand('agent', ['doctor', '--config', seen, '--output', 'json']);
    const { steps } = JSON.parse(stdout) as { steps: Step[] };
    assert.equal(code, 0, stdout);
    // The token is skipped: the agent has an identity.
    const others = steps.filter(({ step }) => step !== 'enrollment token');
    assert.ok(
      others.every(({ verdict }) => verdict === 'ok'),
      stdout,
    );
    assert.match(steps.find(({ step }) => step === 'admission')?.message ?? '', /agent-1 of pool dc1/);
    assert.match(steps.find(({ step }) => step === 'control stream')?.message ?? '', /2 of 2 sessions/);
    assert.equal(gateway.lines.filter(({ json }) => json?.['event'] === 'session-opened').length, 2);
  });

  await t.test('what depends on a failed step is skipped, and the exit code says so', async () => {
    const broken = { ...facts, pin: `sha256/${'A'.repeat(43)}=`, targets: { echo: 1 } };
    const other = await site.write(
      'broken.yaml',
      agentFile(broken, { identity: { directory: 'agent-data' } }),
    );
    const { code, stdout } = await runCommand('agent', ['doctor', '--config', other]);
    assert.equal(code, 1);
    assert.match(stdout, /^tls +failed .*does not match a pin/m);
    assert.match(stdout, /^http2 +skipped +It depends on tls\.$/m);
    assert.match(stdout, /^connector echo +failed .*refused/m);
    assert.match(stdout, /Failed: tls, connector echo\./);
  });

  await t.test('probes, checks, logs and configuration with the command line', async () => {
    const probed = await operate('agent', 'probe', 'agent-1', `127.0.0.1:${port}`);
    assert.equal(probed.code, 0, probed.stderr);
    assert.match(probed.stdout, /^tcp +ok +[\d.]+ ms/m);
    const denied = await operate('agent', 'probe', 'agent-1', '127.0.0.1:1');
    assert.equal(denied.code, 1);
    assert.match(denied.stdout, /^policy +failed .*policy\.probe/m);
    const checked = await operate('agent', 'check', 'agent-1', 'echo', '--output', 'json');
    assert.equal(JSON.parse(checked.stdout).reach, 'ready');
    const logs = await operate('agent', 'logs', 'agent-1', '--limit', '50');
    assert.match(logs.stdout, /INFO {2}A session to the gateway is ready\. session=1/);
    assert.doesNotMatch(logs.stdout, new RegExp(TOKEN));
    const diff = await operate('agent', 'diff', 'agent-1');
    assert.equal(diff.code, 1);
    assert.match(diff.stderr, /agent-1 has no pin/);
    const own = await runCommand('agent', ['config', 'diff', '--pinned', seen]);
    assert.match(own.stderr, /agent-1 has no pin/);
    const here = await runCommand('agent', ['probe', `127.0.0.1:${port}`, '--config', seen]);
    assert.equal(here.code, 0, here.stderr);
  });

  await t.test('a restart drains the agent and exits for its supervisor', async () => {
    const { code, stderr, stdout } = await operate('agent', 'restart', 'agent-1', '--yes');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /agent-1 is draining/);
    const exit = await agent.exit(30_000);
    assert.equal(exit.code, 75);
    assert.ok(agent.lines.some(({ json }) => json?.['event'] === 'agent-draining'));
    await gateway.json({ event: 'session-closed' });
  });
});
