import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '@penstock/wire';
import { openTestPostgresStore } from '../../../store/test/test-postgres.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { lifeOf } from '../../src/leadership/leadership.ts';
import { agentKey, FROM, identityRig, requestOf } from './identity-rig.ts';

const ROUNDS = 10;

/** The identities of two gateways on one database, with the same agent CA. */
async function twoGateways() {
  const first = await openTestPostgresStore();
  const second = await openTestPostgresStore({ target: first.target });
  const directory = await temporaryDirectory();
  const shared = (epoch: string, { store }: typeof first) =>
    identityRig({ store, directory: directory.path, epoch });
  const gateways = [await shared('e1', first), await shared('e2', second)] as const;
  return {
    gateways,
    store: first.store,
    async [Symbol.asyncDispose]() {
      for (const each of [...gateways, first, second, directory]) await each[Symbol.asyncDispose]();
    },
  };
}

const codeOf = (error: unknown) => (error instanceof ProblemError ? error.code : String(error));

test('the same key that enrolls at two gateways at once is one agent, which takes one use of its token', async () => {
  await using two = await twoGateways();
  const [first, second] = two.gateways;
  for (let round = 0; round < ROUNDS; round += 1) {
    const token = await first.token({ uses: 5 });
    const { csr } = await agentKey();
    const request = requestOf(token, csr, { name: `agent-${round}` });
    const issued = await Promise.all(
      [first, second].map(({ identity }) => identity.enrollment.enroll(request, FROM)),
    );
    assert.equal(issued[0]?.agentId, issued[1]?.agentId);
    const [row] = await first.identity.tokens.list({ limit: 1 });
    assert.equal(row?.usesLeft, 4);
  }
  assert.equal((await two.store.agents.list({ limit: 100 })).length, ROUNDS);
});

test('of two agents that enroll with one name at two gateways at once, one gets it', async () => {
  await using two = await twoGateways();
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `agent-${round}`;
    const outcomes = await Promise.all(
      two.gateways.map(async (gateway) => {
        const request = requestOf(await gateway.token(), (await agentKey()).csr, { name });
        return gateway.identity.enrollment.enroll(request, FROM).then(() => 'enrolled', codeOf);
      }),
    );
    assert.deepEqual(outcomes.toSorted(), ['TOO_MANY_REQUESTS', 'enrolled']);
  }
  assert.equal((await two.store.agents.list({ limit: 100 })).length, ROUNDS);
});

test('the last use of a token is taken once, at whichever gateway', async () => {
  await using two = await twoGateways();
  const [first] = two.gateways;
  for (let round = 0; round < ROUNDS; round += 1) {
    const token = await first.token();
    const outcomes = await Promise.all(
      two.gateways.map(async ({ identity }, at) => {
        const request = requestOf(token, (await agentKey()).csr, { name: `agent-${round}-${at}` });
        return identity.enrollment.enroll(request, FROM).then(() => 'enrolled', codeOf);
      }),
    );
    assert.deepEqual(outcomes.toSorted(), ['TOKEN_EXHAUSTED', 'enrolled']);
  }
});

test('a gateway with another agent CA does not start beside one that runs, and may replace it alone', async () => {
  await using opened = await openTestPostgresStore();
  await using directory = await temporaryDirectory();
  await using other = await temporaryDirectory();
  const { store } = opened;
  await store.leases.take(lifeOf('e1'), 'e1', 60_000);
  await using _first = await identityRig({ store, directory: directory.path, epoch: 'e1' });
  await assert.rejects(
    identityRig({ store, directory: other.path, epoch: 'e2' }),
    /Another gateway on this store has another agent CA.*Set agentCa/,
  );
  await store.leases.drop({ name: lifeOf('e1'), holder: 'e1' });
  await using _replaced = await identityRig({ store, directory: other.path, epoch: 'e2' });
});
