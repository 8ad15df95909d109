import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BALANCED, percentOfMean, type RebalanceState, rebalance } from '../src/rebalance.ts';

/** Replicas with these numbers of sessions. `lands` is where a session goes that leaves replica `from`. */
function simulate(start: readonly number[], lands: (sessions: readonly number[], from: number) => number) {
  const sessions = [...start];
  const states: RebalanceState[] = start.map(() => BALANCED);
  const look = () => {
    let sent = 0;
    for (const [at, own] of sessions.entries()) {
      const decision = rebalance(states[at] ?? BALANCED, { own, others: sessions.toSpliced(at, 1) });
      states[at] = decision.state;
      sent += decision.send;
      for (let moved = 0; moved < decision.send; moved += 1) {
        sessions[at] = (sessions[at] ?? 0) - 1;
        const to = lands(sessions, at);
        sessions[to] = (sessions[to] ?? 0) + 1;
      }
    }
    return sent;
  };
  return { sessions, look };
}

const emptiest = (sessions: readonly number[]) => sessions.indexOf(Math.min(...sessions));
const replicas = fc.array(fc.nat(1_500), { minLength: 2, maxLength: 6 });

test('a replica with more than 125 % of the mean sends 1 % away at every look, from the third on', () => {
  const full = { own: 1_500, others: [1_500, 0] };
  let state = BALANCED;
  const sent: number[] = [];
  for (let look = 0; look < 5; look += 1) {
    const decision = rebalance(state, full);
    state = decision.state;
    sent.push(decision.send);
  }
  // The count does not fall here, so the moves become rarer.
  assert.deepEqual(sent, [0, 0, 15, 15, 0]);
  assert.deepEqual(rebalance(BALANCED, { own: 1_250, others: [1_000, 750] }), { state: BALANCED, send: 0 });
  assert.equal(percentOfMean(full), 150);
  assert.equal(percentOfMean({ own: 0, others: [0] }), 100);
});

test('with a load balancer that chooses the emptiest replica, sessions become even, and nothing moves afterwards', () => {
  fc.assert(
    fc.property(replicas, (start) => {
      const { sessions, look } = simulate(start, emptiest);
      const total = start.reduce((sum, each) => sum + each, 0);
      const mean = total / start.length;
      const surplus = start.reduce((sum, each) => sum + Math.max(0, each - mean), 0);
      let sent = 0;
      for (let looks = 0; looks < 1_000; looks += 1) sent += look();
      assert.equal(
        sessions.reduce((sum, each) => sum + each, 0),
        total,
      );
      for (const own of sessions) {
        assert.ok(own <= 1.25 * mean || own - Math.min(...sessions) < 2, `${sessions} of ${start}`);
      }
      // No session moves twice, give or take those that a fraction of a session makes.
      assert.ok(sent <= surplus + 2 * start.length, `${sent} moves for a surplus of ${surplus}`);
      for (let looks = 0; looks < 200; looks += 1) assert.equal(look(), 0);
    }),
    { numRuns: 60 },
  );
});

test('with a load balancer that chooses at random, replicas come to rest', () => {
  fc.assert(
    fc.property(replicas, fc.integer(), (start, seed) => {
      const { sessions, look } = simulate(start, () => Math.floor(random() * start.length));
      const random = pseudorandom(seed);
      const mean = start.reduce((sum, each) => sum + each, 0) / start.length;
      // Few sessions are never even by chance.
      fc.pre(mean > 300);
      for (let looks = 0; looks < 1_000; looks += 1) look();
      for (const own of sessions) assert.ok(own <= 1.3 * mean, `${sessions} of ${start}`);
      let sent = 0;
      for (let looks = 0; looks < 200; looks += 1) sent += look();
      assert.ok(sent <= mean / 10, `${sent} moves of ${sessions}`);
    }),
    { numRuns: 20 },
  );
});

/** Marsaglia's xorshift with 32 bits: numbers from 0 (inclusive) to 1 (exclusive). */
function pseudorandom(seed: number): () => number {
  let state = seed === 0 ? 1 : seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

test('a load balancer that sends every agent back is asked more and more rarely', () => {
  const { sessions, look } = simulate([3_000, 0, 0], () => 0);
  let moves = 0;
  for (let looks = 0; looks < 640; looks += 1) if (look() > 0) moves += 1;
  assert.deepEqual(sessions, [3_000, 0, 0]);
  assert.ok(moves <= 18, `${moves} moves in 640 looks`);
});

test('never more is sent than makes the replicas even, and never when it would only move the surplus', () => {
  fc.assert(
    fc.property(fc.nat(5_000), fc.array(fc.nat(5_000), { minLength: 1, maxLength: 6 }), (own, others) => {
      let state = BALANCED;
      for (let look = 0; look < 10; look += 1) {
        const decision = rebalance(state, { own, others });
        state = decision.state;
        if (decision.send === 0) continue;
        const mean = [own, ...others].reduce((sum, each) => sum + each, 0) / (others.length + 1);
        assert.ok(own - Math.min(...others) >= 2);
        assert.ok(decision.send <= Math.max(1, own - mean));
        assert.ok(decision.send <= Math.max(1, own / 100));
      }
    }),
  );
});
