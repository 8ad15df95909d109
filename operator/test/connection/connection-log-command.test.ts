import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionLogEntry } from '@penstock/api-schema';
import { eventually } from '../../../test/rig/eventually.ts';
import { ApiClient } from '../../src/api/api-client.ts';
import { bytesText, durationText } from '../../src/connection/log/entry-text.ts';
import { followConnections } from '../../src/connection/log/follow-connections.ts';
import { timeArgument } from '../../src/time-argument.ts';
import { type CliRig, cliRig } from '../cli-rig.ts';

const client = {
  connection: 'orders',
  connector: 'orders-db',
  address: '10.0.0.5',
  port: 50_000,
  ingress: '0.0.0.0:1080',
  ingressKind: 'socks5',
  host: 'orders.penstock',
  grant: { id: 'grt_1', name: 'etl' },
  subject: undefined,
};
const target = {
  agent: 'orders-1',
  agentId: 'agt_1',
  pool: 'dc1',
  milliseconds: 3,
  traffic: () => ({ fromClient: 1, toClient: 2 }),
};

function logged({ api }: CliRig, code: 'SESSION_LOST' | undefined, more: object = {}): void {
  const entry = api.connectionLog.begin({ ...client, ...more });
  entry.dialed({ tries: [target] });
  entry.opened(target);
  entry.ended({ code, detail: undefined, traffic: { fromClient: 1500, toClient: 3_000_000 } });
}

test('the table says how each connection ended, and filters select', async () => {
  await using rig = await cliRig('viewer');
  logged(rig, undefined);
  logged(rig, 'SESSION_LOST', { address: '10.0.0.6', connection: 'billing' });
  rig.api.connectionLog.denied({
    connection: 'orders',
    ingress: '0.0.0.0:1080',
    address: '192.0.2.1',
    code: 'CLIENT_DENIED',
    detail: 'No grant.',
  });
  const all = await rig.cli('connection', 'log');
  assert.equal(all.exitCode, 0, all.stderr);
  assert.match(all.stdout, /STARTED +ENDED +CONNECTION +CLIENT +AGENT .*OUTCOME +WHY/);
  assert.match(
    all.stdout,
    /billing +10\.0\.0\.6:50000 +orders-1 .*SESSION_LOST +The session to the agent was lost\./,
  );
  assert.match(all.stdout, /orders +10\.0\.0\.5:50000 .*1\.5 KiB +2\.9 MiB +ok /);
  assert.match(all.stdout, /192\.0\.2\.1 .*CLIENT_DENIED +No grant\./);
  const lost = await rig.cli('connection', 'log', '--code', 'session_lost', '--since', '1h', '--until', '0s');
  assert.match(lost.stdout, /billing/);
  assert.doesNotMatch(lost.stdout, /orders /);
  const wide = await rig.cli('connection', 'log', '--client', '10.0.0.5', '--output', 'wide');
  assert.match(wide.stdout, /ID .*INGRESS .*GRANT/);
  assert.match(wide.stdout, /socks5 0\.0\.0\.0:1080 +orders\.penstock +etl \(grt_1\)/);
  const { items } = JSON.parse(
    (await rig.cli('connection', 'log', '--limit', '1', '--output', 'json')).stdout,
  );
  assert.equal(items.length, 1);
});

test('an empty list says whether the log is enabled; an invalid option is rejected', async () => {
  await using rig = await cliRig('viewer');
  assert.match((await rig.cli('connection', 'log')).stdout, /^No connection matches\.\n$/);
  rig.api.live.isConnectionLogStored = false;
  const off = await rig.cli('connection', 'log');
  assert.equal(off.exitCode, 1);
  assert.match(off.stderr, /connectionLog\.store is off/);
  for (const wrong of [
    ['--code', 'LOST'],
    ['--since', 'yesterday'],
    ['--state', 'gone'],
    ['--follow', '--until', '1h'],
  ]) {
    assert.notEqual((await rig.cli('connection', 'log', ...wrong)).exitCode, 0, wrong.join(' '));
  }
});

test('times are durations before now, times of day, or dates', () => {
  const now = new Date(2026, 10, 26, 12, 0, 0).getTime();
  const parse = (text: string) => timeArgument(text, undefined, now);
  assert.equal(parse('90m'), new Date(now - 90 * 60_000).toISOString());
  assert.equal(parse('02:13'), new Date(2026, 10, 26, 2, 13).toISOString());
  assert.equal(parse('23:30:15'), new Date(2026, 10, 25, 23, 30, 15).toISOString());
  assert.equal(parse('2026-11-20'), new Date(2026, 10, 20).toISOString());
  assert.equal(parse('2026-11-20 02:13'), new Date(2026, 10, 20, 2, 13).toISOString());
  assert.equal(parse('2026-11-20T02:13:00Z'), '2026-11-20T02:13:00.000Z');
  for (const wrong of ['', 'yesterday', '24:00', '5', '2026-13-01', '2026-11-20T25:00']) {
    assert.throws(() => parse(wrong), /Must be a duration before now/, wrong);
  }
});

test('bytes and durations are short', () => {
  assert.deepEqual([0, 1023, 1536, 200 * 1024, 3e9].map(bytesText), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '200 KiB',
    '2.8 GiB',
  ]);
  assert.deepEqual([3.2, 1200, 61_000, 15_180_000, 90_000_000].map(durationText), [
    '3 ms',
    '1.2 s',
    '1m 1s',
    '4h 13m',
    '1d 1h',
  ]);
});

test('following prints what was recent, then each change once, and continues after the stream was interrupted', async () => {
  await using rig = await cliRig('viewer');
  const { api } = rig;
  logged(rig, undefined);
  const { port } = api.app.server.address() as { port: number };
  const stop = new AbortController();
  const printed: ConnectionLogEntry[] = [];
  let interruptions = 0;
  const done = followConnections({
    api: new ApiClient({ url: new URL(`http://127.0.0.1:${port}`), token: api.tokens.viewer }),
    filter: { connection: 'orders' },
    since: undefined,
    limit: 10,
    print: (entry) => printed.push(entry),
    onInterrupted: () => {
      interruptions += 1;
    },
    signal: stop.signal,
    retryDelayMs: 1,
  });
  await eventually('the recent connection', () => printed.length === 1, { within: 20_000 });
  logged(rig, 'SESSION_LOST');
  await eventually('the next connection', () => printed.length === 2, { within: 20_000 });
  // The open stream is the only connection of the server that does not end by itself.
  api.app.server.closeAllConnections();
  await eventually('the interruption', () => interruptions > 0, { within: 20_000 });
  logged(rig, undefined);
  await eventually('the connection after the interruption', () => printed.length === 3, { within: 20_000 });
  stop.abort();
  await done;
  assert.deepEqual(
    printed.map(({ code }) => code),
    ['ok', 'SESSION_LOST', 'ok'],
  );
});
