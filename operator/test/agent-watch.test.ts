import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testView } from '../../control-plane/test/fleet/test-view.ts';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { cliRig } from './cli-rig.ts';

test('agent list --watch prints the list when it has changed, and only then, until the gateway does not answer', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await cliRig('viewer');
  let [listed, agents] = [0, [testView('orders-1')]];
  Object.defineProperty(rig.api.live, 'agents', {
    get: () => {
      listed += 1;
      return agents;
    },
  });
  /** Waits until the list was asked for again. */
  const polled = () => {
    const before = listed;
    return eventually('another list', () => listed > before, { within: 15_000 });
  };
  const watching = rig.cli('agent', 'list', '--watch', '--pool', 'dc1');
  await polled();
  // Ages grow, which is no change.
  await polled();
  agents = [testView('orders-1'), testView('orders-2')];
  await polled();
  await polled();
  await rig.api.app.close();
  const { stdout, stderr, exitCode } = await watching;
  const tables = stdout.split(/^\d{4}-\d{2}-\d{2}T\S+Z$/m).slice(1);
  assert.deepEqual(
    tables.map((table) => [...table.matchAll(/^orders-\d/gm)].map(String)),
    [['orders-1'], ['orders-1', 'orders-2']],
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /gateway/);
});
