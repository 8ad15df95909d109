import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { TestAuthority } from './certificates.ts';
import { expectNoLeaks } from './leaks.ts';
import { Postgres } from './postgres.ts';

test('a PostgreSQL server works with and without TLS, restarts on its port, and leaves nothing behind', async () => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('Test CA');
  await using postgres = await Postgres.start({ tls: await authority.issue({ commonName: 'database' }) });
  const client = new pg.Client({ ...postgres.clientConfig(), ssl: { ca: authority.certificate } });
  await client.connect();
  const { rows } = await client.query(
    "select split_part(version(), ' ', 2)::numeric >= 18 as modern, ssl from pg_stat_ssl",
  );
  await client.end();
  assert.deepEqual(rows[0], { modern: true, ssl: true });

  await postgres.restart();
  const again = new pg.Client(postgres.url());
  await again.connect();
  assert.deepEqual((await again.query('select 1 as one')).rows, [{ one: 1 }]);
  await again.end();
});
