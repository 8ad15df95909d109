import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf } from '../data-path/client-of.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

type Clients = {
  readonly items: readonly { id: string; agent?: string; bytesFromClient: number }[];
  readonly total: number;
};

test('an operator sees who is connected, and ends the connection of one client and of no other', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { db: echo.address.port }, agents: { a1: 'dc1' } });
  const list = async () => (await pair.api('GET /connections/db/clients')) as unknown as Clients;
  await using one = await clientOf(pair, 'db');
  assert.equal(await one.echo('hello'), 'hello');
  await using other = await clientOf(pair, 'db');
  assert.equal(await other.echo('hi'), 'hi');
  const { items, total } = await list();
  assert.equal(total, 2);
  const [first] = items;
  assert.deepEqual([first?.agent, first?.bytesFromClient], ['a1', 5]);

  const closed = pair.event('connection-closed');
  await pair.api(`POST /connection-log/${first?.id}/disconnect`);
  assert.equal((await closed)['code'], 'OPERATOR_CLOSED');
  await one.receive();
  assert.equal(await other.echo('still here'), 'still here');
  await eventually('one client to be left', async () => (await list()).total === 1);
  await assert.rejects(
    pair.api(`POST /connection-log/${first?.id}/disconnect`),
    /404|NOT_FOUND|left by itself/,
  );
});
