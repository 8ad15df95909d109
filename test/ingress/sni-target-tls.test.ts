import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { TestAuthority, type TestCertificate } from '../rig/certificates.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { HOSTS, startPsql, startSniPair } from './sni-rig.ts';

const authority = await TestAuthority.create('CA');
const names = ['127.0.0.1', ...Object.values(HOSTS)];
const database = await authority.issue({ commonName: 'database', names });
const gateway = await authority.issue({ commonName: 'gateway', names });
const host = HOSTS.terminate;

let postgres: Postgres;
before(async () => {
  postgres = await Postgres.start({ tls: database });
});
after(() => postgres[Symbol.asyncDispose]());

const ca = '${env:CLIENT_AUTHORITY}';
const pairWith = (targetTls: Readonly<Record<string, unknown>>, certificate: TestCertificate = gateway) =>
  startSniPair({
    postgres,
    certificate,
    targetTls,
    agentEnvironment: { CLIENT_AUTHORITY: authority.certificate },
  });

/** `t` or `f`, depending on whether the server sees TLS, or the error of psql. */
async function psql(pair: Pair, settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const sql = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
  await using script = await startPsql({
    pair,
    postgres,
    host,
    settings: { sslmode: 'require', ...settings },
    sql,
  });
  await script.exit(20_000);
  return script.output.trim();
}

test('the agent verifies CA and name of the server', {
  skip: skipWithout('psql'),
}, async () => {
  await using pair = await pairWith({ ca });
  assert.equal(await psql(pair, { channel_binding: 'disable' }), 't');
  await using other = await pairWith({ ca, serverName: 'another.db.example' });
  assert.match(
    await psql(other, { channel_binding: 'disable' }),
    /FATAL: {2}TLS with the target failed\. \(Penstock: TLS_FAILED\)/,
  );
  const { detail } = await other.event('connection-failed', { past: true });
  assert.match(String(detail), /another\.db\.example/);
});

test('a server with a certificate of an unknown CA is refused', { skip: skipWithout('psql') }, async () => {
  await using pair = await pairWith({});
  assert.match(await psql(pair), /TLS_FAILED/);
  const { detail } = await pair.event('connection-failed', { past: true });
  assert.match(String(detail), /not issued by a CA that this connector trusts/);
});

test('mode prefer uses TLS if the server supports it, and disable does not', {
  skip: skipWithout('psql'),
}, async () => {
  await using preferring = await pairWith({ mode: 'prefer' });
  assert.equal(await psql(preferring, { channel_binding: 'disable' }), 't');
  await using without = await pairWith({ mode: 'disable' });
  assert.equal(await psql(without), 'f');
});

// docs/decisions/0012: with SCRAM-SHA-256-PLUS a client proves which certificate it was presented.
test('channel binding succeeds if gateway and server present the same certificate, and fails otherwise', {
  skip: skipWithout('psql'),
}, async () => {
  await using same = await pairWith({ ca }, database);
  assert.equal(await psql(same, { channel_binding: 'require' }), 't');
  await using different = await pairWith({ ca });
  assert.match(await psql(different), /SCRAM channel binding check failed/);
});

test('a client without channel binding needs no setting', async () => {
  await using pair = await pairWith({ ca });
  const client = new pg.Client({
    ...postgres.clientConfig({ host: '127.0.0.1', port: pair.port('terminate') }),
    ssl: { ca: authority.certificate, servername: host },
  });
  await client.connect();
  assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }]);
  await client.end();
});
