import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSite } from '../processes/programs.ts';
import { startPrograms } from '../processes/started-programs.ts';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import type { ManagedProcess } from '../rig/process.ts';
import { pseudorandomHash } from '../rig/pseudorandom.ts';
import { startSource } from '../rig/targets.ts';

const WHOLE = 50_000_000;

/** A client that has read a part of its response and then stops reading. */
async function clientInTheMiddle(port: number): Promise<TestClient> {
  const client = await TestClient.connect({ host: '127.0.0.1', port });
  await client.read(100_000);
  return client;
}

const hasOpened = ({ lines }: ManagedProcess) =>
  lines.some(({ json }) => json?.['event'] === 'open-succeeded');

test('killing an agent resets its clients but affects no new ones; killing the gateway closes every target', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startSource(WHOLE, 1);
  await using site = await makeSite();
  const { gateway, agents, port } = await startPrograms(site, target.address.port);

  await using client = await clientInTheMiddle(port);
  const carrier = await eventually('an agent to carry the connection', () =>
    [...agents.values()].find(hasOpened),
  );
  const answer = client.receive(20_000);
  await carrier.stop('SIGKILL');
  const { bytes, ended } = await answer;
  assert.equal(ended, 'reset');
  assert.ok(bytes + 100_000 < WHOLE, `${bytes} bytes came.`);
  await eventually('the target connection to be closed', () => target.open === 0, { within: 30_000 });

  await using next = await TestClient.connect({ host: '127.0.0.1', port });
  assert.deepEqual(await next.receive(20_000), {
    bytes: WHOLE,
    sha256: pseudorandomHash(WHOLE, 1),
    ended: 'fin',
  });
  next.finish();

  await using last = await clientInTheMiddle(port);
  const truncated = last.receive(20_000);
  await gateway.stop('SIGKILL');
  // The operating system closes the sockets of a killed process with a FIN. A process cannot request a reset in advance.
  const { bytes: cameBefore } = await truncated;
  assert.ok(cameBefore + 100_000 < WHOLE, `${cameBefore} bytes came.`);
  await eventually('the target connection to be closed', () => target.open === 0, { within: 30_000 });
});
