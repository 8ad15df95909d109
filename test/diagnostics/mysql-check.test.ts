import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { TestAuthority } from '../rig/certificates.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { MariaDb, skipWithoutHostCache } from '../rig/mariadb.ts';
import { startPair } from '../rig/pair.ts';

const CHECKS = 4;

for (const name of ['without TLS', 'with TLS'] as const) {
  test(`periodic checks are not errors for a MariaDB that blocks a host after the first one, ${name}`, {
    skip: skipWithoutHostCache(),
  }, async () => {
    await using _leaks = expectNoLeaks();
    const authority = await TestAuthority.create('databases');
    const tls =
      name === 'with TLS' ? await authority.issue({ commonName: 'db', names: ['127.0.0.1'] }) : undefined;
    await using server = await MariaDb.start({ ...(tls && { tls }), isBlockingHosts: true });
    const { host, port } = server.remoteAddress;
    await using pair = await startPair({
      targets: { db: port },
      agents: { a1: 'dc1' },
      // The result of a check arrives with a heartbeat.
      gateway: { health: { heartbeatInterval: '500ms' } },
      agent: {
        connectors: [{ name: 'db', kind: 'mysql', address: `${host}:${port}`, check: { interval: '1s' } }],
      },
    });
    const { user, password, database } = server;
    const client = await mysql.createConnection({ host: '127.0.0.1', port, user, password, database });
    const query = async (sql: string) => (await client.query<RowDataPacket[]>(sql))[0];
    const checkOf = async () => {
      const { checks } = (await pair.api('GET /agents/a1')) as {
        checks: { reach: string; detail?: string }[];
      };
      return checks[0];
    };
    const deniedLogins = async () => {
      const [row] = await query("show global status like 'Access_denied_errors'");
      return Number(row?.['Value']);
    };
    await eventually('several checks', async () => (await deniedLogins()) >= CHECKS, { within: 30_000 });
    await eventually('the result', async () => (await checkOf())?.reach === 'ready', { within: 30_000 });
    assert.match((await checkOf())?.detail ?? '', /^MySQL .*MariaDB/);
    const [cached] = await query(`select * from performance_schema.host_cache where ip = '${host}'`);
    assert.equal(cached?.['HOST_VALIDATED'], 'YES');
    assert.equal(cached?.['SUM_CONNECT_ERRORS'], 0);
    assert.equal(cached?.['COUNT_HANDSHAKE_ERRORS'], 0);
    // A client that leaves without a login is one error too many for this server: what the check would have caused.
    const rude = connect({ host, port });
    await once(rude, 'data');
    rude.destroy();
    await eventually('the host to be blocked', async () => (await checkOf())?.reach === 'refused', {
      within: 30_000,
    });
    assert.match((await checkOf())?.detail ?? '', /error 1129/);
    await client.end();
  });
}
