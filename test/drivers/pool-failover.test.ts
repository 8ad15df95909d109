import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSite } from '../processes/programs.ts';
import { startPrograms } from '../processes/started-programs.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { isLongForm } from '../rig/long-form.ts';
import { Postgres } from '../rig/postgres.ts';
import type { ManagedProcess } from '../rig/process.ts';
import { skipWithoutJdbc } from './driver-jars.ts';
import { JavaPrograms } from './java-program.ts';

const CONNECTIONS = 16;
/** How long the pool works. Continuous integration sets more, and the long form has minutes. */
const SECONDS = Number(process.env['PENSTOCK_FAILOVER_SECONDS'] ?? (isLongForm ? 120 : 12));
/** Seconds of undisturbed work before each kill. */
const CALM = 2;

type Closed = { readonly agent: string; readonly code: string };

/** What the gateway's log says of the connections so far. */
function ledger(gateway: ManagedProcess): { readonly live: Map<string, number>; readonly broken: Closed[] } {
  const live = new Map<string, number>();
  const broken: Closed[] = [];
  for (const { json } of gateway.lines) {
    const change = { 'connection-opened': 1, 'connection-closed': -1 }[String(json?.['event'])];
    if (json === undefined || change === undefined) continue;
    const agent = String(json['agent']);
    live.set(agent, (live.get(agent) ?? 0) + change);
    // A connection that both sides have ended has no code.
    if (change === -1 && json['code'] !== undefined) broken.push({ agent, code: String(json['code']) });
  }
  return { live, broken };
}

const countOf = (pool: ManagedProcess, event: string) =>
  pool.lines.filter(({ json }) => json?.['event'] === event).length;

test('a pool loses the connections of a killed agent and no others, and no answer is wrong or cut short', {
  skip: skipWithoutJdbc(),
  timeout: (SECONDS + 180) * 1000,
}, async (t) => {
  await using _leaks = expectNoLeaks();
  await using postgres = await Postgres.start();
  await using java = await JavaPrograms.compile();
  await using site = await makeSite();
  const { gateway, agents, port, restart } = await startPrograms(site, postgres.address.port);
  await using pool = await java.start({
    program: 'Pool',
    arguments: [
      `jdbc:postgresql://127.0.0.1:${port}/postgres?sslmode=disable`,
      String(CONNECTIONS),
      String(SECONDS),
    ],
    login: postgres,
  });
  await pool.json({ event: 'working' }, 60_000);
  // The gateway may write its last lines after the pool has told of its connections.
  const first = await eventually(
    `the lines of ${CONNECTIONS} connections`,
    () => {
      const { live } = ledger(gateway);
      const open = live.values().reduce((sum, count) => sum + count, 0);
      return open === CONNECTIONS && live;
    },
    { state: () => [...ledger(gateway).live] },
  );
  // Otherwise the first kill would break none or all of them.
  assert.ok(
    [...agents.keys()].every((name) => (first.get(name) ?? 0) > 0),
    JSON.stringify([...first]),
  );

  const kills: string[] = [];
  let allCut = 0;
  const isOver = () => countOf(pool, 'done') > 0 || !pool.running;
  for (;;) {
    const told = countOf(pool, 'progress');
    await eventually('seconds of work', () => isOver() || countOf(pool, 'progress') >= told + CALM, {
      within: 60_000,
    });
    if (isOver()) break;
    // The one that carries most, so that every kill is felt.
    const { live, broken } = ledger(gateway);
    const [[name, carried] = ['', 0]] = [...live].sort(([, one], [, other]) => other - one);
    await agents.get(name)?.stop('SIGKILL');
    kills.push(name);
    await eventually(
      `the ${carried} connections of ${name} to end`,
      () => ledger(gateway).broken.length >= broken.length + carried,
      { within: 60_000, state: () => ledger(gateway) },
    );
    await restart(name);
    // Until the next kill it is this agent alone whose connections break.
    const cut = ledger(gateway).broken.slice(broken.length);
    assert.deepEqual([...new Set(cut.map(({ agent }) => agent))], [name]);
    allCut += cut.length;
  }

  const sums = await pool.json({ event: 'done' }, 60_000);
  assert.deepEqual(await pool.exit(), { code: 0, signal: null }, pool.output);
  t.diagnostic(`${kills.length} kills, ${allCut} connections cut: ${JSON.stringify(sums)}`);
  assert.ok(kills.length > 0);
  assert.equal(sums['wrong'], 0, pool.output);
  assert.equal(sums['refused'], 0, pool.output);
  assert.ok(Number(sums['answers']) > SECONDS, pool.output);
  // A connection at rest when its agent died is found out by the pool's validation, and loses no query.
  assert.ok(
    Number(sums['lost']) <= allCut,
    `${String(sums['lost'])} queries lost, ${allCut} connections cut`,
  );
  assert.deepEqual(ledger(gateway).broken.slice(allCut), [], 'connections were cut that no kill explains');
});
