import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { alertRow } from '../../control-plane/test/alerts/scene.ts';
import type { EnrollmentTokenRow } from '../src/schema.ts';
import { storeKinds } from './store-kinds.ts';

const agent = (id: string, name: string) => ({
  id,
  name,
  pool: 'dc1',
  createdAt: 1,
  revokedAt: null,
  revokedReason: null,
  drainedAt: null,
});

const token = (id: string, more: Partial<EnrollmentTokenRow> = {}): EnrollmentTokenRow => ({
  id,
  hash: 'hash',
  pool: 'dc1',
  uses: 2,
  usesLeft: 2,
  namePattern: null,
  sources: null,
  createdAt: 1,
  createdBy: 'host',
  expiresAt: 1000,
  revokedAt: null,
  ...more,
});

const pendingDelivery = {
  receiver: 'ops',
  kind: 'firing',
  state: 'pending',
  messageId: null,
  attempts: 0,
  createdAt: 1,
  nextAt: 1,
  settledAt: null,
  lastError: null,
} as const;

const identity = (serial: string, agentId: string, notAfter: number) => ({
  serial,
  agentId,
  key: `key-${serial}`,
  issuedAt: 1,
  notAfter,
  revokedAt: null,
});

for (const [kind, open] of Object.entries(storeKinds)) {
  suite(`${kind} store`, () => {
    test('agents: a name has one holder that is not revoked', async () => {
      await using opened = await open();
      const { agents } = opened.store;
      await agents.insert(agent('agt_1', 'orders-1'));
      await assert.rejects(agents.insert(agent('agt_2', 'orders-1')));
      assert.equal(await agents.revoke('agt_1', 5, 'replaced'), true);
      assert.equal(await agents.revoke('agt_1', 6, 'revoked'), false, 'only once');
      assert.equal(await agents.byName('orders-1'), undefined);
      await agents.insert(agent('agt_2', 'orders-1'));
      assert.equal((await agents.byName('orders-1'))?.id, 'agt_2');
      const first = await agents.byId('agt_1');
      assert.deepEqual([first?.revokedAt, first?.revokedReason], [5, 'replaced']);
    });

    test('agents: listed by name in pages, without revoked ones', async () => {
      await using opened = await open();
      const { agents } = opened.store;
      for (const name of ['c', 'a', 'd', 'b']) await agents.insert(agent(`agt_${name}`, name));
      await agents.revoke('agt_b', 1, 'revoked');
      const names = async (after?: string) =>
        (await agents.list({ after, limit: 2 })).map(({ name }) => name);
      assert.deepEqual(await names(), ['a', 'c']);
      assert.deepEqual(await names('c'), ['d']);
      assert.deepEqual(await names('d'), []);
    });

    test('agents: revoked ones with valid certificates', async () => {
      await using opened = await open();
      const { agents, identities } = opened.store;
      for (const name of ['a', 'b', 'c']) await agents.insert(agent(`agt_${name}`, name));
      await identities.insert(identity('A1', 'agt_a', 100));
      await identities.insert(identity('A2', 'agt_a', 200));
      await identities.insert(identity('B1', 'agt_b', 50));
      await identities.insert(identity('C1', 'agt_c', 200));
      await agents.revoke('agt_a', 10, 'revoked');
      await agents.revoke('agt_b', 10, 'revoked');
      assert.deepEqual(await agents.revokedWithValidIdentity(60), ['agt_a']);
      assert.deepEqual(await agents.revokedWithValidIdentity(200), []);
    });

    test('agent keys: the first claim wins', async () => {
      await using opened = await open();
      const { agents, agentKeys } = opened.store;
      await agents.insert(agent('agt_1', 'a'));
      await agents.insert(agent('agt_2', 'b'));
      await agentKeys.claim({ key: 'k', agentId: 'agt_1', createdAt: 1 });
      await agentKeys.claim({ key: 'k', agentId: 'agt_2', createdAt: 2 });
      assert.equal((await agentKeys.owner('k'))?.id, 'agt_1');
      assert.equal(await agentKeys.owner('unknown'), undefined);
    });

    test('agent keys: old ones without a certificate are pruned', async () => {
      await using opened = await open();
      const { agents, agentKeys, identities } = opened.store;
      await agents.insert(agent('agt_1', 'a'));
      for (const [key, createdAt] of [
        ['old', 1],
        ['kept', 1],
        ['young', 100],
      ] as const) {
        await agentKeys.claim({ key, agentId: 'agt_1', createdAt });
      }
      await identities.insert({ ...identity('A1', 'agt_1', 50), key: 'kept' });
      assert.equal(await agentKeys.prune(100), 1);
      assert.equal(await agentKeys.owner('old'), undefined);
      assert.equal((await agentKeys.owner('kept'))?.id, 'agt_1');
      assert.equal((await agentKeys.owner('young'))?.id, 'agt_1');
      assert.equal(await agentKeys.prune(100), 0);
    });

    test('identities: latest, by agent, revoked, pruned', async () => {
      await using opened = await open();
      const { agents, identities } = opened.store;
      await agents.insert(agent('agt_1', 'a'));
      await agents.insert(agent('agt_2', 'b'));
      await identities.insert(identity('A1', 'agt_1', 100));
      await identities.insert(identity('A2', 'agt_1', 300));
      await identities.insert(identity('B1', 'agt_2', 50));
      assert.equal((await identities.latest('agt_1'))?.serial, 'A2');
      assert.equal(await identities.latest('agt_3'), undefined);
      assert.deepEqual(
        await identities.notAfterOf(['agt_1', 'agt_2', 'agt_3']),
        new Map([
          ['agt_1', 300],
          ['agt_2', 50],
        ]),
      );
      assert.deepEqual(await identities.notAfterOf([]), new Map());
      await identities.revokeAllOf('agt_1', 10);
      assert.deepEqual(await identities.revokedSerials(100), ['A2']);
      assert.equal((await identities.bySerial('A1'))?.revokedAt, 10);
      // Both have expired, but the last one of an agent is kept.
      assert.equal(await identities.prune(200), 1);
      assert.equal(await identities.bySerial('A1'), undefined);
      assert.equal((await identities.bySerial('B1'))?.serial, 'B1');
    });

    test('enrollment tokens: concurrent callers cannot take more uses than are left', async () => {
      await using opened = await open();
      const { enrollmentTokens } = opened.store;
      await enrollmentTokens.insert(token('t1', { usesLeft: 3 }));
      const taken = await Promise.all(Array.from({ length: 10 }, () => enrollmentTokens.takeUse('t1', 10)));
      assert.equal(taken.filter(Boolean).length, 3);
      assert.equal((await enrollmentTokens.byId('t1'))?.usesLeft, 0);
    });

    test('enrollment tokens: no use of an expired, revoked or unknown token', async () => {
      await using opened = await open();
      const { enrollmentTokens } = opened.store;
      await enrollmentTokens.insert(token('t1'));
      assert.equal(await enrollmentTokens.takeUse('t1', 1000), false);
      assert.equal(await enrollmentTokens.takeUse('t2', 10), false);
      assert.equal(await enrollmentTokens.revoke('t1', 10), true);
      assert.equal(await enrollmentTokens.revoke('t1', 11), false);
      assert.equal(await enrollmentTokens.takeUse('t1', 10), false);
    });

    test('enrollment tokens: listed newest first in pages', async () => {
      await using opened = await open();
      const { enrollmentTokens } = opened.store;
      for (const id of ['01', '03', '02']) await enrollmentTokens.insert(token(id));
      const ids = async (before?: string) =>
        (await enrollmentTokens.list({ before, limit: 2 })).map(({ id }) => id);
      assert.deepEqual(await ids(), ['03', '02']);
      assert.deepEqual(await ids('02'), ['01']);
    });

    test('enrollments: uses of tokens, and tokens still usable by an agent', async () => {
      await using opened = await open();
      const { agents, enrollments, enrollmentTokens } = opened.store;
      await agents.insert(agent('agt_1', 'a'));
      await enrollmentTokens.insert(token('t1'));
      await enrollmentTokens.insert(token('t2', { usesLeft: 0 }));
      for (const tokenId of ['t1', 't2']) {
        await enrollments.insert({ tokenId, agentId: 'agt_1', enrolledAt: 1, address: '::1' });
      }
      assert.equal(await enrollments.exists('t1', 'agt_1'), true);
      assert.equal(await enrollments.exists('t1', 'agt_2'), false);
      const usable = await enrollments.tokensUsableBy('agt_1', 10);
      assert.deepEqual(
        usable.map(({ id }) => id),
        ['t1'],
      );
      assert.deepEqual(await enrollments.tokensUsableBy('agt_1', 1000), []);
    });

    test('admin tokens and audit', async () => {
      await using opened = await open();
      const { adminTokens, audit } = opened.store;
      const row = {
        id: 'a1',
        hash: 'h',
        name: 'first',
        role: 'admin',
        createdAt: 1,
        revokedAt: null,
        expiresAt: 9,
        usedAt: null,
      } as const;
      await adminTokens.insert(row);
      assert.deepEqual(await adminTokens.byId('a1'), row);
      assert.deepEqual(await adminTokens.list(), [row]);
      await adminTokens.used('a1', 5);
      // Another gateway was behind.
      await adminTokens.used('a1', 4);
      assert.equal((await adminTokens.byId('a1'))?.usedAt, 5);
      assert.equal(await adminTokens.revoke('a1', 7), true);
      assert.equal(await adminTokens.revoke('a1', 8), false);
      assert.equal((await adminTokens.byId('a1'))?.revokedAt, 7);

      for (const at of [1, 2, 3]) {
        await audit.append({ at, actor: 'host', action: 'try', subject: `s${at}`, after: { at } });
      }
      const [newest, ...rest] = await audit.list({ limit: 2 });
      assert.equal(newest?.after, '{"at":3}');
      assert.equal(newest?.before, null);
      assert.deepEqual(
        (await audit.list({ limit: 5, before: rest[0]?.id })).map(({ subject }) => subject),
        ['s1'],
      );
    });

    test('changes of states: the last one of each agent, and pruning by age and by number', async () => {
      await using opened = await open();
      const { stateChanges } = opened.store;
      const row = (number: number, agent: string) => ({
        ...{ id: `${number}`, at: number, agentId: `id-${agent}`, agent, pool: 'dc1', code: 'CONNECTED' },
        ...{ state: `s${number}`, detail: null, beforeState: null, beforeCode: null },
      });
      await stateChanges.insert([row(1, 'a'), row(2, 'b'), row(3, 'a'), row(4, 'b'), row(5, 'c')]);
      const latest = (await stateChanges.latest()).map(({ agentId, state }) => `${agentId} ${state}`);
      assert.deepEqual(latest.sort(), ['id-a s3', 'id-b s4', 'id-c s5']);
      const ids = async (query: { agent?: string; since?: number; until?: number; before?: string } = {}) =>
        (await stateChanges.list({ ...query, limit: 10 })).map(({ id }) => id);
      assert.deepEqual(await ids({ agent: 'a' }), ['3', '1']);
      assert.deepEqual(await ids({ since: 2, until: 4 }), ['3', '2']);
      assert.deepEqual(await ids({ before: '3' }), ['2', '1']);
      await stateChanges.prune({ before: 2, keep: 100, limit: 10 });
      assert.deepEqual(await ids(), ['5', '4', '3', '2']);
      await stateChanges.prune({ before: 0, keep: 2, limit: 10 });
      assert.deepEqual(await ids(), ['5', '4']);
    });

    test('silences end once, and at their time', async () => {
      await using opened = await open();
      const { silences } = opened.store;
      const row = (id: string, endsAt: number) => ({
        ...{ id, condition: null, subject: 'agent:*', pool: null, comment: 'work', createdAt: 1 },
        ...{ createdBy: 'host', endsAt, endedBy: null },
      });
      await silences.insert(row('a', 10));
      await silences.insert(row('b', 20));
      const active = async (at: number) => (await silences.activeAt(at, 10)).map(({ id }) => id);
      assert.deepEqual([await active(9), await active(10)], [['b', 'a'], ['b']]);
      assert.equal(await silences.end('b', { at: 12, by: 'host' }), true);
      assert.equal(await silences.end('b', { at: 13, by: 'host' }), false);
      assert.deepEqual(await silences.byId('b'), { ...row('b', 12), endedBy: 'host' });
      await silences.prune(11);
      assert.deepEqual(
        (await silences.list({ limit: 10 })).map(({ id }) => id),
        ['b'],
      );
    });

    test('alerts: a resolved one stays resolved, and is pruned with its deliveries', async () => {
      await using opened = await open();
      const { alerts } = opened.store;
      const resolved = alertRow('a', { state: 'resolved', resolvedAt: 50 });
      await alerts.save([alertRow('a'), alertRow('b'), alertRow('c')]);
      await alerts.save([resolved]);
      await alerts.save([alertRow('a')]);
      assert.deepEqual(await alerts.byId('a'), resolved);
      const delivery = (id: string, alertId: string) => ({ ...pendingDelivery, id, alertId });
      await alerts.saveDeliveries([delivery('1', 'a'), delivery('2', 'b')]);
      const unfinished = async () => (await alerts.unfinished(10)).map(({ id }) => id);
      assert.deepEqual(await unfinished(), ['c', 'b', 'a'], 'the notification of a is undelivered');
      const delivered = { ...delivery('1', 'a'), state: 'delivered' as const, attempts: 2, settledAt: 60 };
      await alerts.saveDeliveries([delivered]);
      assert.deepEqual(await alerts.deliveriesOf(['a', 'c']), [delivered]);
      assert.deepEqual(await unfinished(), ['c', 'b']);
      assert.equal(await alerts.prune(50), 0);
      assert.equal(await alerts.prune(51), 1);
      assert.deepEqual(await alerts.deliveriesOf(['a', 'b']), [delivery('2', 'b')]);
      await assert.rejects(alerts.saveDeliveries([delivery('3', 'gone')]), 'a delivery belongs to an alert');
    });

    test('alerts: more than fit into one statement', async () => {
      await using opened = await open();
      const { alerts } = opened.store;
      const rows = Array.from({ length: 1234 }, (_, index) => alertRow(`a${1000 + index}`));
      await alerts.save(rows);
      await alerts.saveDeliveries(rows.map(({ id }) => ({ ...pendingDelivery, id: `d${id}`, alertId: id })));
      assert.equal((await alerts.deliveriesOf(rows.map(({ id }) => id))).length, 1234);
      assert.equal((await alerts.unfinished(2000)).length, 1234);
    });
  });
}
