import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf } from '../data-path/client-of.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

/** Series by name and labels. */
async function scrape(port: number): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
  const lines = (await response.text()).matchAll(/^([a-z_]+(?:\{.*\})?) ([0-9.e+-]+)$/gm);
  return new Map([...lines].map(([, series = '', value]) => [series, Number(value)]));
}

test('bytes and opens of a connection that stays open are counted as they flow, and once', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { db: echo.address.port }, agents: { a1: 'dc1' } });
  const gateway = () => scrape(pair.gateway.admin.port);
  const agent = () => scrape(pair.agents.get('a1')?.local.port ?? 0);
  const fromClient = 'penstock_gateway_bytes_total{connection="db",direction="from_client"}';
  const toClient = 'penstock_gateway_bytes_total{connection="db",direction="to_client"}';
  const toTarget = 'penstock_agent_bytes_total{direction="to_target"}';
  const opened = async () => {
    const { items } = (await pair.api('GET /connections')) as unknown as { items: { openedTotal: number }[] };
    return items[0]?.openedTotal;
  };
  assert.equal((await gateway()).get(fromClient), 0, 'the series exists before the first byte');

  const client = await clientOf(pair, 'db');
  client.send(Buffer.alloc(1000));
  await client.read(1000);
  const first = await gateway();
  assert.deepEqual([first.get(fromClient), first.get(toClient)], [1000, 1000]);
  assert.equal((await agent()).get(toTarget), 1000);
  assert.equal(await opened(), 1, 'a connection that is still open was opened');

  client.send(Buffer.alloc(500));
  await client.read(500);
  assert.equal((await gateway()).get(fromClient), 1500);

  const closed = pair.event('connection-closed');
  client.finish();
  await client.receive();
  await closed;
  const last = await gateway();
  assert.deepEqual([last.get(fromClient), last.get(toClient)], [1500, 1500], 'not counted twice');
  assert.equal(last.get('penstock_gateway_connections_ended_total{connection="db",outcome="ok",code=""}'), 1);
  assert.equal(last.get('penstock_gateway_open_seconds_count{connection="db"}'), 1);
  assert.equal(await opened(), 1);
  const atAgent = await agent();
  assert.deepEqual(
    [atAgent.get(toTarget), atAgent.get('penstock_agent_opens_total{outcome="ok",code=""}')],
    [1500, 1],
  );
  for (const series of [last, atAgent]) assert.ok((series.get('process_cpu_seconds_total') ?? 0) > 0);
});
