import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { startEcho } from '../rig/targets.ts';

const CHILD = join(import.meta.dirname, 'agent-child.ts');
/** Far below the second for which the loop is blocked: the blocked end must not trust its own timers. */
const HASTY = { pingInterval: '100ms', pingTimeout: '200ms' };
/** Above that second: the other end receives nothing and cannot know why. */
const PATIENT = { pingInterval: '100ms', pingTimeout: '3s' };

/** The gateway runs in this process and the agent in its own, so that only one of them is blocked. */
async function startApart(target: number, gateway: typeof HASTY, agent: typeof HASTY) {
  const pair = await startPair({ targets: { echo: target }, agents: {}, gateway: { tunnel: gateway } });
  const child = await ManagedProcess.start({
    args: [CHILD],
    env: {
      TOKEN: pair.token,
      AGENT_FILE: JSON.stringify({
        apiVersion: 'penstock/v1',
        kind: 'Agent',
        version: 1,
        name: 'apart',
        pool: 'dc1',
        gateway: {
          url: `https://127.0.0.1:${pair.gateway.tunnel.port}`,
          pins: pair.pins,
          trust: 'pins',
          proxy: 'none',
        },
        identity: { directory: join(pair.directory, 'apart'), enrollmentToken: '${env:TOKEN}' },
        connectors: [{ name: 'echo', kind: 'tcp', address: `127.0.0.1:${target}` }],
        tunnel: agent,
        local: { listen: '127.0.0.1:0' },
      }),
    },
  });
  await eventually('two sessions', () => opened(pair) === 2, { state: () => child.output });
  return {
    pair,
    child,
    async [Symbol.asyncDispose]() {
      await child.stop();
      await pair[Symbol.asyncDispose]();
    },
  };
}

const opened = (pair: Pair) => pair.logged.filter(({ event }) => event === 'session-opened').length;

async function expectAllSessions(pair: Pair, child: ManagedProcess, client: TestClient): Promise<void> {
  assert.equal(await client.echo('after'), 'after');
  assert.equal(opened(pair), 2);
  assert.deepEqual(
    child.lines.filter(({ json }) => json?.['event'] === 'session-ended').map(({ text }) => text),
    [],
  );
}

test('a blocked agent keeps its sessions', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await startApart(echo.address.port, PATIENT, HASTY);
  await using client = await TestClient.connect({ host: '127.0.0.1', port: at.pair.port('echo') });
  await client.echo('before');
  for (let round = 1; round <= 2; round += 1) {
    at.child.signal('SIGUSR2');
    await eventually(
      'the loop to go on',
      () => at.child.lines.filter(({ json }) => json?.['event'] === 'unblocked').length === round,
    );
    await expectAllSessions(at.pair, at.child, client);
  }
});

test('a blocked gateway keeps its sessions', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await startApart(echo.address.port, HASTY, PATIENT);
  await using client = await TestClient.connect({ host: '127.0.0.1', port: at.pair.port('echo') });
  await client.echo('before');
  for (let round = 1; round <= 2; round += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    await expectAllSessions(at.pair, at.child, client);
  }
});
