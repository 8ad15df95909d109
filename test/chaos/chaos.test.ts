import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startEcho } from '../rig/targets.ts';
import { briefFaults, type Fault, longFaults } from './faults.ts';
import { runChaos } from './run-chaos.ts';
import { startScene } from './scene.ts';
import { echoes, idleClients, transfers } from './sockets.ts';

const IDLE_CLIENTS = 20;
const TRANSFER_BYTES = 4 * 1024 * 1024;
const INTERVAL_MS = 500;
/** The default allows a closed session 5 s to be replaced, in which a busy machine may not get to it. */
const PATIENT = { resume: { for: '120s', reconnectTimeout: '60s' } };

/** Strikes with each fault once. */
async function expectUnnoticed(brief: readonly Fault[], long: readonly Fault[]): Promise<void> {
  await using echo = await startEcho();
  await using scene = await startScene({ echo: echo.address.port }, PATIENT);
  const port = scene.pair.port('echo');
  const workloads = [
    await idleClients(port, IDLE_CLIENTS),
    await transfers(port, TRANSFER_BYTES),
    ...(await echoes(port, 2)),
  ];
  const plan = { scene, brief, rounds: brief.length, interval: INTERVAL_MS, long, progress: () => {} };
  const { workloads: results, faults, ended, left } = await runChaos(plan, workloads);
  const harmed = results.filter(({ errors, wrong, done }) => errors.length + wrong > 0 || done === 0);
  // Together: why the gateway ended a connection explains what its client noticed.
  assert.deepEqual({ harmed, ended, left }, { harmed: [], ended: [], left: [] });
  assert.ok(
    faults.some(({ resumed }) => resumed > 0),
    'connections were resumed',
  );
}

test('clients notice nothing of a link that is cut in every way', async () => {
  await using _leaks = expectNoLeaks();
  await expectUnnoticed(briefFaults, []);
});

test('clients notice nothing of an agent whose host sleeps for some seconds', async () => {
  await using _leaks = expectNoLeaks();
  await expectUnnoticed([], longFaults(1, 5).slice(-1));
});
