import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { TestAuthority } from '../rig/certificates.ts';
import { eventually } from '../rig/eventually.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { HOSTS, pemFile, startPsql, startSniPair } from './sni-rig.ts';

const stack = new AsyncDisposableStack();
let postgres: Postgres;
let pair: Pair;
let rootCertificate: string;

before(async () => {
  const authority = await TestAuthority.create('database CA');
  const database = await authority.issue({
    commonName: 'database',
    names: ['127.0.0.1', ...Object.values(HOSTS)],
  });
  const gateway = await authority.issue({ commonName: 'gateway', names: Object.values(HOSTS) });
  const { path } = stack.use(await temporaryDirectory());
  rootCertificate = await pemFile(path, 'root.crt', authority.certificate);
  postgres = stack.use(await Postgres.start({ tls: database }));
  pair = stack.use(await startSniPair({ postgres, certificate: gateway, targetTls: { mode: 'disable' } }));
});
after(() => stack.disposeAsync());

const psql = (host: string, settings: Readonly<Record<string, string>>, sql = 'select 6 * 7') =>
  startPsql({ pair, postgres, host, settings, sql });

const expectIdle = () =>
  eventually(
    'all streams to be closed',
    async () =>
      !(await (await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/metrics`)).text()).match(
        /^penstock_gateway_streams_open [1-9]/m,
      ),
  );

for (const [mode, host] of Object.entries(HOSTS)) {
  for (const settings of [{ sslmode: 'require' }, { sslmode: 'verify-full' }]) {
    test(`psql connects with sslmode=${settings.sslmode}, ${mode}`, {
      skip: skipWithout('psql'),
    }, async () => {
      await using script = await psql(host, { ...settings, sslrootcert: rootCertificate });
      const { code } = await script.exit(20_000);
      assert.equal(code, 0, script.output);
      assert.equal(script.output.trim(), '42');
      await expectIdle();
    });
  }
  test(`Ctrl-C in psql cancels its query, ${mode}`, { skip: skipWithout('psql') }, async () => {
    await using sleeper = await psql(host, { sslmode: 'require' }, 'select pg_sleep(60)');
    const witness = new pg.Client(postgres.clientConfig());
    await witness.connect();
    await eventually('psql to be asleep', async () => {
      const { rows } = await witness.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'");
      return rows.length === 1;
    });
    sleeper.signal('SIGINT');
    const { code } = await sleeper.exit(20_000);
    assert.equal(code, 1);
    assert.match(sleeper.output, /canceling statement due to user request/);
    await witness.end();
    await expectIdle();
  });
}
