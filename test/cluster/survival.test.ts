import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipBecause, skipWithout } from '../rig/optional.ts';
import type { Case } from './survival/case.ts';
import { peerCuts } from './survival/cases/partitions.ts';
import { agentsBack } from './survival/cases/restarts.ts';
import { whyNoNetwork } from './survival/network.ts';
import { runCases } from './survival/run-cases.ts';
import { type SiteShape, startSite } from './survival/site.ts';

/** An agent with a session to each of two replicas, on one database. `npm run cluster:test` has all of it. */
const shape: SiteShape = {
  replicas: ['r1', 'r2'],
  agents: { a1: 'dc1' },
  spareHosts: [],
  hasOwnStore: false,
  // As long as the agent keeps the connections of the replica that is killed.
  resumeFor: '10s',
};

/** How long everything takes depends on what else the machine does: nothing here is timed. */
const partitionAndDeath: Case = {
  name: 'nothing passes between two replicas, and one is killed',
  async run(stage) {
    const { site, changes } = stage;
    const others = async (link: string) =>
      (await site.api('r1', 'GET /replicas')).items.filter((replica) => replica['link'] === link).length;
    site.network.cut(peerCuts(site, 'r1', 'r2', 'both'));
    await eventually('r1 to miss the other one', async () => (await others('connecting')) === 1, {
      within: 30_000,
    });
    await changes.make();
    site.network.mend();
    await eventually('r1 to have the other one', async () => (await others('connected')) === 1, {
      within: 30_000,
    });
    const from = performance.now();
    const { accepted } = await site.killReplica('r2');
    await Promise.all([accepted, agentsBack(stage, 'r1', 'r2')]);
    const until = performance.now();
    await site.startReplica('r2');
    await agentsBack(stage, 'r2');
    return { cutFrom: new Map([['r2', from]]), failing: { from, until } };
  },
};

const reason = whyNoNetwork();

test('clients notice neither a partition between two replicas nor the death of the one that they do not use', {
  skip: reason === undefined ? skipWithout('haproxy') : skipBecause(reason),
}, async (context) => {
  await using _leaks = expectNoLeaks();
  await using site = await startSite(() => {}, shape);
  const results = runCases(site, [partitionAndDeath], { pgbench: false, java: undefined }, () => {});
  let count = 0;
  for await (const { problems, newConnections, ...counts } of results) {
    context.diagnostic(JSON.stringify({ newConnections, ...counts }));
    assert.deepEqual(problems, []);
    assert.ok(newConnections > 0);
    count += 1;
  }
  assert.equal(count, 1);
});
