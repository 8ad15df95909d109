import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { TestAuthority } from '../rig/certificates.ts';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { startHaproxy } from '../rig/haproxy.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipWithout } from '../rig/optional.ts';
import { Postgres } from '../rig/postgres.ts';
import { ManagedProcess } from '../rig/process.ts';
import { startReplicas } from '../rig/replicas.ts';

const modes = ['passthrough', 'terminate'] as const;
const hostOf = (mode: string) => `${mode}.example`;
const CANCEL_CODE = 80_877_102;

test('a request to cancel a query works at another replica than that of its client', async (context) => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('CA');
  const certificate = await authority.issue({ commonName: 'db', names: modes.map(hostOf) });
  await using postgres = await Postgres.start({ tls: certificate });
  const { port } = postgres.address;
  await using replicas = await startReplicas(['r1', 'r2'], {
    targets: { passthrough: port, terminate: port },
    environment: { CERT: certificate.chain, KEY: certificate.key },
    agents: { a1: 'r2' },
    gateway: {
      ingressTls: { certificate: '${env:CERT}', key: '${env:KEY}' },
      connections: modes.map((mode) => ({
        name: mode,
        connector: mode,
        pools: ['dc1'],
        ingress: [{ sni: { listen: '127.0.0.1:0', host: hostOf(mode) }, mode, allow: ['127.0.0.0/8'] }],
      })),
    },
    agent: {
      connectors: modes.map((mode) => ({
        name: mode,
        kind: 'postgresql',
        address: `127.0.0.1:${port}`,
        tls: { mode: 'require' },
      })),
    },
  });
  const ports = new Map(
    ['r1', 'r2'].map((name) => [name, replicas.gateway(name).ingressOf('terminate')[0]?.port ?? 0]),
  );
  await using stack = new AsyncDisposableStack();
  const witness = new pg.Client(postgres.clientConfig());
  await witness.connect();
  stack.defer(() => witness.end());
  for (const mode of modes) {
    for (const [at, other] of [
      ['r1', 'r2'],
      ['r2', 'r1'],
    ] as const) {
      const client = new pg.Client({
        ...postgres.clientConfig({ host: '127.0.0.1', port: ports.get(at) ?? 0 }),
        ssl: { ca: authority.certificate, servername: hostOf(mode) },
      });
      await client.connect();
      const canceled = assert.rejects(client.query('select pg_sleep(60)'), { code: '57014' });
      await eventually('the query to run', async () => {
        const { rows } = await witness.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'");
        return rows.length === 1;
      });
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
      const request = Buffer.alloc(16);
      request.writeInt32BE(16, 0);
      request.writeInt32BE(CANCEL_CODE, 4);
      request.writeInt32BE(processID, 8);
      request.writeInt32BE(secretKey, 12);
      await using sender = await TestClient.connect({ host: '127.0.0.1', port: ports.get(other) ?? 0 });
      sender.send(request);
      await canceled;
      await client.end();
    }
  }

  const skip = skipWithout('haproxy') || skipWithout('psql');
  await context.test(
    'Ctrl-C of psql, which a load balancer sends to the other replica',
    { skip },
    async () => {
      await using haproxy = await startHaproxy([...ports.values()]);
      // Each psql takes the next replica, and its request to cancel the one after that.
      for (const mode of modes) {
        const psql = await ManagedProcess.start({
          command: 'psql',
          args: [
            `host=${hostOf(mode)} hostaddr=127.0.0.1 port=${haproxy.port} user=${postgres.user} dbname=postgres sslmode=require`,
            '--command=select pg_sleep(60)',
          ],
          env: { PGPASSWORD: postgres.password, PATH: process.env['PATH'] ?? '' },
        });
        await using _psql = psql;
        await eventually('the query to run', async () => {
          const { rows } = await witness.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'");
          return rows.length === 1;
        });
        psql.signal('SIGINT');
        assert.equal((await psql.exit()).code, 1);
        assert.match(psql.output, /canceling statement due to user request/);
      }
    },
  );
});
