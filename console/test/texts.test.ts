import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertConditions } from '@penstock/config-schema/vocabulary';
import { diffLines } from 'diff';
import fc from 'fast-check';
import { parse } from 'yaml';
import { agentFile } from '../app/pages/add-agent/agent-file.ts';
import { ways } from '../app/pages/add-agent/ways.ts';
import { readLine } from '../app/pages/agent/log-line.ts';
import { diffRows } from '../app/pages/config/diff-rows.ts';
import { yamlText } from '../app/pages/config/yaml-text.ts';
import { hopsOf } from '../app/pages/connection/hops.ts';
import { judgeConnection, verdictOf } from '../app/pages/connections/connection-health.ts';
import { ingressText } from '../app/pages/connections/ingress-text.ts';
import { agentsOf, placeOf, remedyForGroup } from '../app/pages/fleet/attention-text.ts';
import { emptiedPools } from '../app/pages/fleet/emptied-pools.ts';
import { actorText } from '../app/parts/actor-text.ts';
import { linePath } from '../app/parts/line-path.ts';
import { remedyFor } from '../app/parts/remedy.ts';
import { namesIn } from '../app/parts/subject.ts';

test('a configuration shown as YAML is the same configuration', () => {
  const key = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.constantFrom('yes', 'on', '1', '0xAF', '.inf', 'null', 'a: b', '- x', '@x'),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      key,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      tie('list'),
      tie('map'),
    ),
    list: fc.array(tie('tree'), { maxLength: 4 }),
    map: fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      assert.deepEqual(parse(yamlText(value), { maxAliasCount: 0 }), value);
    }),
  );
  assert.equal(
    yamlText({ address: '127.0.0.1:5432', list: [{ name: 'a', kind: 'tcp' }], none: [] }),
    ['address: "127.0.0.1:5432"', 'list:', '  - name: a', '    kind: tcp', 'none: []'].join('\n'),
  );
});

test('the file of a new agent is YAML with the tunnel and its pins, and a token is safe in a shell', () => {
  const [way] = ways;
  assert.ok(way !== undefined && ways.length === 6);
  const file = agentFile({ pool: 'dc1', name: 'dc1-1' }, way, {
    host: 'fd00::1',
    port: 8443,
    pins: ['sha256/abc='],
  });
  const { gateway, pool } = parse(file) as { gateway: { url: string; pins: string[] }; pool: string };
  assert.equal(pool, 'dc1');
  assert.deepEqual(gateway, { url: 'https://[fd00::1]:8443', pins: ['sha256/abc='], trust: 'pins' });
  assert.match(
    agentFile({ pool: 'dc1', name: 'x' }, way, { port: 1, pins: [] }),
    /gateway\.example\.com:1 {2}# the name/,
  );
  const connectors = [
    { connector: 'orders-db' },
    { connector: 'orders-db', kind: 'mysql' },
    { connector: 'stock-db', kind: 'oracle' },
  ];
  const all = parse(agentFile({ pool: 'dc1', name: 'x', connectors }, way, { port: 1, pins: [] }));
  assert.deepEqual(all.connectors, [
    { name: 'orders-db', kind: 'mysql', address: '127.0.0.1:3306' },
    { name: 'stock-db', kind: 'oracle', address: '127.0.0.1:1521' },
  ]);
  for (const { key, commands } of ways) {
    const token = key === 'windows' ? "'a''; rm -rf /; '''" : String.raw`'a'\''; rm -rf /; '\'''`;
    assert.ok(commands("a'; rm -rf /; '").includes(token), key);
  }
});

test('a connection is judged by its pools, then by the worst condition that names it', () => {
  const pools = [
    { name: 'dc1', ready: 0 },
    { name: 'dc2', ready: 1 },
  ];
  const condition = (severity: 'critical' | 'warning' | 'notice', name: string, pool?: string) => ({
    severity,
    message: severity,
    pool,
    connections: [name],
  });
  const conditions = [
    condition('notice', 'quiet'),
    condition('warning', 'both'),
    condition('critical', 'both'),
    condition('critical', 'other', 'dc1'),
  ];
  const judge = (name: string, own: string[]) => judgeConnection({ name, pools: own }, pools, conditions);
  const judged = [
    judge('away', ['dc1']),
    judge('both', ['dc1', 'dc2']),
    judge('quiet', ['dc2']),
    judge('other', ['dc1', 'dc2']),
  ];
  assert.deepEqual(
    judged.map(({ health }) => health),
    ['no-agent', 'failing', 'ready', 'at-risk'],
  );
  assert.equal(verdictOf(judged).text, '2 of 4 connections cannot serve clients');
  assert.deepEqual(verdictOf(judged.slice(2, 3)), {
    tone: 'ok',
    text: 'quiet can serve clients',
    about: [],
  });
  assert.equal(verdictOf([{ name: 'a', health: 'at-risk' }]).tone, 'warn');
  const failed = { ...condition('warning', 'quiet'), code: 'connection-failing' };
  const doubtful = judgeConnection({ name: 'quiet', pools: ['dc2'] }, pools, [failed]);
  assert.equal(verdictOf([doubtful]).text, 'The latest open failed on');
});

test('a bulk action says which pools it empties', () => {
  const pools = [
    { name: 'dc1', ready: 2 },
    { name: 'dc2', ready: 1 },
  ];
  const row = (pool: string, state: string) => ({ pool, state });
  assert.deepEqual(emptiedPools(pools, [row('dc1', 'connected'), row('dc2', 'degraded')]), ['dc2']);
  assert.deepEqual(emptiedPools(pools, [row('dc2', 'disconnected')]), []);
});

test('a diff shows its changes with three lines around them', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const changed = lines.with(10, 'changed');
  const rows = diffRows(diffLines(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`));
  assert.deepEqual(
    rows.map(({ kind, text }) => `${kind} ${text}`),
    [
      'gap 7 unchanged lines',
      'same line 7',
      'same line 8',
      'same line 9',
      'removed line 10',
      'added changed',
      'same line 11',
      'same line 12',
      'same line 13',
      'gap 6 unchanged lines',
    ],
  );
});

test('the hop that fails is the one at which the checks stop', () => {
  const outcomes = (reach: string | undefined) =>
    hopsOf(reach, { ingress: '', agents: '', target: '' }).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes('refused'), ['passed', 'passed', 'passed', 'failed']);
  assert.deepEqual(outcomes('offline'), ['passed', 'passed', 'failed', 'not-reached']);
  assert.deepEqual(outcomes('not-allowed'), ['passed', 'failed', 'not-reached', 'not-reached']);
  assert.deepEqual(outcomes('ready'), ['passed', 'passed', 'passed', 'passed']);
  assert.deepEqual(outcomes(undefined), ['passed', 'passed', 'passed', 'unknown']);
});

test('a line of a log is its sentence and its other fields; a huge one is cut', () => {
  const line = readLine(
    { time: '2026-11-26T08:41:05.123Z', level: 'warn', msg: 'It failed.', code: 'REFUSED', n: 1 },
    3,
  );
  assert.deepEqual(line, {
    key: 3,
    time: '08:41:05.123',
    level: 'warn',
    text: 'It failed. code=REFUSED n=1',
  });
  assert.equal(readLine({ msg: 'x'.repeat(100_000) }, 0).text.length, 2_001);
  assert.equal(readLine('plain', 0).text, 'plain');
  assert.equal(readLine({ time: 'never', msg: 'a' }, 0).time, '');
});

test('a group of what is wrong leads to exactly its agents', () => {
  const group = { code: 'CONNECTOR_FAILING', pool: 'dc1', connector: 'orders-db', connections: ['orders'] };
  assert.equal(placeOf(group), 'dc1, orders-db:');
  assert.equal(agentsOf(group), '/fleet?pool=dc1&code=CONNECTOR_FAILING&connector=orders-db');
  assert.equal(placeOf({ code: 'STORE_UNAVAILABLE', connections: [] }), 'This gateway:');
  assert.equal(agentsOf({ code: 'agent-stale', pool: 'dc1', connections: [] }), '/fleet?pool=dc1');
});

test('the advice of every alert but one leads to a page of its subject', () => {
  const kinds: Partial<Record<string, string>> = {
    'pool-below-min-ready': 'pool',
    'queue-near-limit': 'pool',
    'connection-failing': 'connection',
    'rollout-halted': 'rollout',
  };
  const hrefs = alertConditions.map(
    (condition) => remedyFor(condition, namesIn(`${kinds[condition] ?? 'agent'}:x1`))?.href,
  );
  assert.deepEqual(
    alertConditions.filter((_, index) => hrefs[index] === undefined),
    ['gateway-certificate-expiring'],
  );
  assert.equal(hrefs.filter((href) => href?.includes('x1')).length, alertConditions.length - 2);
  assert.equal(remedyFor('connector-failing', namesIn('connector:dc1/a1/orders-db'))?.href, '/agents/a1');
  assert.deepEqual(namesIn('gateway'), {});
});

test('a group leads where the alert about its only agent leads', () => {
  const group = { code: 'CONFIG_DRIFT', pool: 'dc1', connections: [], agents: ['a1'], count: 1 };
  const alert = remedyFor('config-drift', namesIn('agent:a1'));
  assert.deepEqual(remedyForGroup(group), alert);
  assert.equal(remedyForGroup({ ...group, agents: ['a1', 'a2'], count: 2 })?.href, '/config/dc1');
  // The agent is linked beside it.
  assert.equal(remedyForGroup({ ...group, code: 'NO_SESSION' }), undefined);
});

test('addresses, actors and lines', () => {
  assert.equal(ingressText({ kind: 'tcp', address: '::', port: 15432 }), 'tcp [::]:15432');
  assert.equal(
    ingressText({ kind: 'sni', address: '0.0.0.0', port: 443, host: 'orders.example.com' }),
    'sni orders.example.com:443',
  );
  assert.deepEqual(actorText('admin-token:01a218610e7005e2a2bc'), { kind: 'admin-token', id: '…e2a2bc' });
  assert.deepEqual(actorText('host'), { kind: 'host', id: '' });
  assert.deepEqual(actorText('oidc:alice'), { kind: 'oidc', id: 'alice' });
  assert.deepEqual(linePath([0, undefined, 4, 2], 30, 10), { path: 'M0 9h0M20 1h0L30 5', top: 4 });
  assert.deepEqual(linePath([], 30, 10), { path: '', top: 0 });
});
