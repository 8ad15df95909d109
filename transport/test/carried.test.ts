import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { Connection, other, type Side, SimulatedSession, sides } from './simulated-connection.ts';

type Action =
  | { readonly do: 'send'; readonly side: Side; readonly count: number }
  | { readonly do: 'deliver'; readonly side: Side; readonly part: number | undefined }
  | { readonly do: 'acknowledge' | 'fin' | 'lose' | 'reset'; readonly side: Side }
  | { readonly do: 'resume' };

const side = fc.constantFrom(...sides);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      side,
      count: fc.integer({ min: 1, max: 9000 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      side,
      part: fc.option(fc.integer({ min: 1, max: 9000 }), { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), side }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fin' as const), side }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), side }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const) }) },
);

let next = 0;
const bytes = (count: number) =>
  Buffer.from(Array.from({ length: count }, () => (next = (next * 31 + 7) & 0xff)));

async function apply(connection: Connection, act: Action): Promise<void> {
  switch (act.do) {
    case 'send':
      connection.outer[act.side].send(bytes(act.count));
      break;
    case 'deliver':
      connection.session.streams[act.side].deliver(act.part);
      break;
    case 'acknowledge':
      connection.session.acknowledge(act.side);
      break;
    case 'fin':
      connection.outer[act.side].fin();
      break;
    case 'lose':
      connection.lose(act.side);
      break;
    case 'reset':
      connection.wasReset = true;
      connection.outer[act.side].destroy();
      break;
    case 'resume':
      connection.resume();
      break;
  }
  await turn();
}

test('whatever is lost and when, each end gets a prefix of what was sent, and all of it before FIN', async () => {
  await using _leaks = expectNoLeaks();
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const connection = new Connection();
      try {
        for (const act of actions) {
          await apply(connection, act);
          connection.check();
        }
        for (const each of sides) connection.outer[each].fin();
        await turn();
        await connection.settle();
        connection.check();
        for (const each of sides) {
          assert.equal(connection.ends[each], 'complete', `${each} is complete`);
          assert.ok(connection.outer[each].hasGotFin);
        }
      } finally {
        connection.dispose();
      }
    }),
    { numRuns: 300 },
  );
});

test('a reset of an outer socket is passed on, whatever was lost before', async () => {
  await using _leaks = expectNoLeaks();
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), side, async (actions, reset) => {
      const connection = new Connection();
      try {
        for (const act of actions.filter((each) => each.do !== 'fin')) await apply(connection, act);
        await apply(connection, { do: 'reset', side: reset });
        await connection.settle();
        connection.check();
        assert.notEqual(connection.ends[reset], undefined);
        assert.notEqual(connection.ends[reset], 'complete');
        assert.equal(connection.outer[other(reset)].hasGotFin, false);
      } finally {
        connection.dispose();
      }
    }),
    { numRuns: 100 },
  );
});

test('a position that is impossible ends the connection', async () => {
  await using _leaks = expectNoLeaks();
  for (const received of [4, 99]) {
    const connection = new Connection();
    connection.outer.left.send(bytes(10));
    await turn();
    await connection.settle();
    assert.equal(connection.splices.left.owedBytes, 0, 'everything is acknowledged');
    connection.lose('left');
    await turn();
    connection.splices.left.attach(new SimulatedSession().farEnd('left'), received);
    await connection.splices.left.done;
    assert.equal(connection.ends.left, 'PROTOCOL_ERROR');
    connection.dispose();
  }
});

test('a reset that is not delivered, because the stream has closed, ends the connection all the same', async () => {
  await using _leaks = expectNoLeaks();
  const connection = new Connection();
  const { session, outer, splices } = connection;
  outer.right.fin();
  await turn();
  session.streams.right.deliver();
  await turn();
  outer.left.fin();
  await turn();
  // The FIN of the left end is on its way, and its stream has closed.
  session.streams.left.peer = undefined;
  session.streams.left.deliver();
  await turn();
  outer.right.destroy();
  await turn();
  assert.equal(connection.ends.right, 'TARGET_RESET');
  assert.equal(connection.ends.left, undefined);
  await connection.settle();
  assert.equal((await splices.left.done).code, undefined, 'nothing is missing at the left end');
  connection.dispose();
});

test('a reset that is reported before the last bytes have arrived does not cut them', async () => {
  await using _leaks = expectNoLeaks();
  const connection = new Connection();
  const { session, outer, splices } = connection;
  outer.left.fin();
  await turn();
  session.streams.left.deliver();
  outer.right.send(bytes(1000));
  outer.right.fin();
  await turn();
  // Everything that the right end has sent is still on its way when its socket is reset.
  splices.left.onAcknowledged(1, true);
  while (session.streams.right.deliver());
  await turn();
  await connection.settle();
  assert.equal((await splices.left.done).code, undefined);
  assert.equal(Buffer.concat(outer.left.got).length, 1000);
  assert.ok(outer.left.hasGotFin);
  connection.dispose();
});

test('a complete connection that waits for an acknowledgment ends with a session that is not lost', async () => {
  await using _leaks = expectNoLeaks();
  const connection = new Connection();
  const { session, outer, splices } = connection;
  outer.left.fin();
  outer.right.fin();
  await turn();
  for (let round = 0; round < 3; round += 1) {
    for (const each of sides) while (session.streams[each].deliver());
    await turn();
  }
  assert.equal(connection.ends.left, undefined);
  splices.left.onStopped();
  assert.equal((await splices.left.done).code, undefined);
  connection.dispose();
});
