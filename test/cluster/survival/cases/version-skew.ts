import { join } from 'node:path';
import pg from 'pg';
import { type ProgramCommands, runCommand } from '../../../processes/programs.ts';
import { eventually } from '../../../rig/eventually.ts';
import type { ManagedProcess } from '../../../rig/process.ts';
import type { Case, Stage } from '../case.ts';
import { DRAIN_MS, ports } from '../files.ts';
import { buildOldVersion, commitBeforeLastMigration, type OldVersion } from '../old-version.ts';
import { type Site, SPARE_HOSTS } from '../site.ts';
import { startSwitch } from '../switch.ts';
import { spareConnected, spareStore } from './empty-database.ts';

const EXIT_MS = 60_000;
const CLIENTS = 5;
const READY_MS = 60_000;

/** Agents of both versions, each at one gateway, in the pools that `orders` prefers in this order. */
const agents = {
  old: { pool: 'dc1', at: 'e1', on: 'e2' },
  new: { pool: 'dc2', at: 'e2', on: 'e1' },
} as const;

/** The version before the last change of the tables beside this one, with agents of both: upgraded one by one, and back. */
export const versionSkew: Case = {
  name: 'the previous version beside this one',
  get isMissing() {
    return commitBeforeLastMigration() === undefined ? 'the history of this tree is missing' : undefined;
  },
  async run(stage) {
    const { site, progress } = stage;
    const commit = commitBeforeLastMigration() ?? '';
    progress(`building ${commit}`);
    const old = await buildOldVersion(commit, join(site.directory, 'old'));
    await using stack = new AsyncDisposableStack();
    const { environmentOf } = await spareStore(site, 'skew');
    const commands: ProgramCommands = {
      gateway: [process.execPath, old.binOf('gateway')],
      agent: [process.execPath, old.binOf('agent')],
    };
    const words = ['init', '--config', site.gatewayFile, '--new-store', '--output', 'json'];
    const init = await runCommand('gateway', words, environmentOf('e1'), commands);
    if (init.code !== 0) throw new Error(`The old init ended with ${init.code}: ${init.stderr}`);
    const { adminToken } = JSON.parse(init.stdout) as { adminToken: { token: string } };
    const api: Site['api'] = (name, request, body) => site.apiAs(adminToken.token, name, request, body);
    const gateways = new Map<string, ManagedProcess>();
    stack.defer(async () => {
      await Promise.all([...gateways.values()].map((each) => each[Symbol.asyncDispose]()));
    });
    const start = async (name: string, program?: string) => {
      gateways.set(name, await site.startGateway(name, environmentOf(name), program));
    };
    await Promise.all(SPARE_HOSTS.map((name) => start(name, old.binOf('gateway'))));
    await startAgents(stage, old, api, stack);
    const works = (when: string) => expectWorks(stage, api, when);
    await works('both old');
    const replace = async (name: string, program?: string) => {
      await gateways.get(name)?.stop('SIGTERM', DRAIN_MS.settle + DRAIN_MS.timeout + EXIT_MS);
      await start(name, program);
    };
    await replace('e1');
    await works('e1 new, e2 old');
    await replace('e2');
    await works('both new');
    await replace('e1', old.binOf('gateway'));
    await works('e1 old again, on the new tables');
    return { facts: { commit: commit.slice(0, 12) } };
  },
};

async function startAgents(
  { site }: Stage,
  old: OldVersion,
  api: Site['api'],
  stack: AsyncDisposableStack,
): Promise<void> {
  const target = stack.use(await startSwitch(site.network.own, site.target.address.port));
  const connectors = [
    { name: 'orders-db', kind: 'postgresql', address: `${site.network.own}:${target.port}` },
  ];
  for (const [version, { pool, at, on }] of Object.entries(agents)) {
    const { body } = await api('e2', 'POST /enrollment-tokens', { pool, uses: 1 });
    const url = `https://${site.host(at).address}:${ports.tunnel}`;
    const gateway = { url, pins: site.pins, trust: 'pins', sessions: 1, proxy: 'none' };
    const agent = await site.startAgent(`${version}-agent`, {
      pool,
      token: String(body['token']),
      changes: { gateway, connectors },
      // From another host: what comes from this machine is expected to come through the load balancer.
      host: on,
      ...(version === 'old' && { program: old.binOf('agent') }),
    });
    stack.use(agent);
  }
}

/** The gateways see each other and both agents, and serve clients through the other one's agent. */
async function expectWorks(stage: Stage, api: Site['api'], when: string): Promise<void> {
  const { site, check, progress } = stage;
  progress(when);
  await spareConnected(api);
  for (const name of SPARE_HOSTS) {
    await eventually(
      `${when}: ${name} to list both agents`,
      async () => {
        const { items } = await api(name, 'GET /sessions');
        return items.filter(({ state }) => state === 'ready').length === 2;
      },
      { within: READY_MS },
    );
    const { status } = await api(name, 'POST /enrollment-tokens', { pool: 'dc1', uses: 1 });
    check(status < 300, `${when}: ${name} answered a change with ${status}.`);
  }
  for (const drained of [undefined, 'old-agent']) {
    if (drained !== undefined) await api('e2', `POST /agents/${drained}/drain`);
    for (const name of SPARE_HOSTS) {
      const errors = await clientErrors(site, name);
      const which = drained === undefined ? '' : ` while ${drained} drains`;
      check(
        errors.length === 0,
        `${when}${which}: ${errors.length} of ${CLIENTS} clients of ${name}: ${errors[0]}`,
      );
    }
    if (drained !== undefined) await api('e1', `POST /agents/${drained}/resume`);
  }
}

async function clientErrors(site: Site, name: string): Promise<string[]> {
  const errors: string[] = [];
  for (let index = 0; index < CLIENTS; index += 1) {
    const config = site.target.clientConfig({ host: site.host(name).address, port: ports.clients });
    const client = new pg.Client({ ...config, connectionTimeoutMillis: 30_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('select 1');
    } catch (error) {
      errors.push(String(error));
    }
    await client.end().catch(() => {});
  }
  return errors;
}
