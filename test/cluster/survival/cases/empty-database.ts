import { cp, rm } from 'node:fs/promises';
import { runCommand } from '../../../processes/programs.ts';
import { eventually } from '../../../rig/eventually.ts';
import type { Case } from '../case.ts';
import { type Site, SPARE_HOSTS } from '../site.ts';

/** A database of its own on the server of the store, and two gateways on it with the CA of the others. */
export async function spareStore(site: Site, database: string) {
  await site.store.query(`create database ${database}`);
  const storeUrl = `${site.store.url({ host: site.network.own, port: site.storeSwitch.port })}`;
  const url = `${storeUrl.replace(/\/postgres$/, `/${database}`)}?sslmode=disable`;
  for (const name of SPARE_HOSTS) {
    await rm(site.dataOf(name), { recursive: true, force: true });
    await cp(site.dataOf('r2'), site.dataOf(name), { recursive: true });
  }
  const environmentOf = (name: string) => ({
    REPLICA: name,
    ADDRESS: site.host(name).address,
    DATA: site.dataOf(name),
    STORE_URL: url,
    WEBHOOK: 'http://127.0.0.1:9/',
  });
  return { environmentOf };
}

/** Waits until both gateways on a spare store are connected to each other, by the API of each. */
export async function spareConnected(api: Site['api']): Promise<void> {
  for (const name of SPARE_HOSTS) {
    await eventually(
      `${name} to be connected to the other gateway`,
      async () => {
        const { items } = await api(name, 'GET /replicas');
        return items.filter(({ link, state }) => link !== 'connecting' && state === 'running').length === 2;
      },
      { within: 60_000 },
    );
  }
}

export const emptyDatabase: Case = {
  name: 'two gateways begin with an empty database at the same time',
  async run({ site, check, progress }) {
    const { environmentOf } = await spareStore(site, 'empty');
    const inits = await Promise.all(
      SPARE_HOSTS.map((name) =>
        runCommand(
          'gateway',
          ['init', '--config', site.gatewayFile, '--new-store', '--output', 'json'],
          environmentOf(name),
        ),
      ),
    );
    check(
      inits.every(({ code }) => code === 0),
      `init twice at once: ${JSON.stringify(inits)}`,
    );
    const tokens = inits.flatMap(({ stdout }) => {
      const { adminToken } = JSON.parse(stdout) as { adminToken: { token: string } | null };
      return adminToken === null ? [] : [adminToken.token];
    });
    check(tokens.length >= 1, 'No init made a token of an admin.');
    progress('starting two gateways at once');
    const gateways = await Promise.all(
      SPARE_HOSTS.map((name) => site.startGateway(name, environmentOf(name))),
    );
    try {
      await spareConnected((name, request) => site.apiAs(tokens[0] ?? '', name, request));
    } finally {
      await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
    }
    return { facts: { adminTokens: tokens.length } };
  },
};
