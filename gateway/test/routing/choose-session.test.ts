import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSession } from '../../src/routing/choose-session.ts';
import { FakeSession } from './fake-session.ts';

const anybody = { connector: 'orders-db', isWanted: () => true, random: () => 0.5 };

function sessions(...loads: number[]): FakeSession[] {
  return loads.map((load, index) => Object.assign(new FakeSession(`a${index}`, 'dc1'), { load }));
}

test('the least loaded session is chosen', () => {
  const all = sessions(3, 1, 2);
  assert.equal(chooseSession(all, anybody), all[1]);
});

test('a session that does not accept opens, lacks the connector or is not wanted is never chosen', () => {
  const all = sessions(0, 1, 2, 3);
  const [draining, other, unwanted, last] = all;
  assert.ok(draining && other && unwanted && last);
  draining.acceptsOpens = false;
  other.connectors = ['another'];
  const choice = { ...anybody, isWanted: (agentId: string) => agentId !== unwanted.identity.agentId };
  assert.equal(chooseSession(all, choice), last);
  last.acceptsOpens = false;
  assert.equal(chooseSession(all, choice), undefined);
  assert.equal(chooseSession([], anybody), undefined);
});

test('sessions of equal load get equal shares', () => {
  const all = sessions(1, 0, 0, 1, 0);
  const counts = new Map<FakeSession, number>();
  const runs = 6_000;
  for (let run = 0; run < runs; run += 1) {
    const chosen = chooseSession(all, { ...anybody, random: Math.random });
    assert.ok(chosen !== undefined);
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  }
  assert.equal(counts.size, 3);
  for (const [session, count] of counts) {
    assert.equal(session.load, 0);
    // Ten standard deviations of a fair share: never by chance.
    assert.ok(Math.abs(count - runs / 3) < 370, `${count} of ${runs}`);
  }
});
