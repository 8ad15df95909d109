import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { eventually } from '../../rig/eventually.ts';
import { metricsOf } from './ask-replica.ts';
import type { Site } from './site.ts';
import type { Changes } from './watch.ts';

/** Everything that counts connections, streams or what they keep. */
const GAUGES =
  /^penstock_(?:gateway_(?:clients|queue_depth|streams_open|streams_opening|connections_adrift)|agent_(?:streams_open(?:ing)?|connections_adrift))\b\S* (\S+)$/gm;
const SETTLED_WITHIN_MS = 60_000;

/** What must be true after each case, once everything has been mended. Returns what is not. */
export async function problemsOf(site: Site, changes: Changes): Promise<string[]> {
  const problems: string[] = [];
  const expect = async (what: string, condition: () => Promise<string | undefined>) => {
    let reason: string | undefined;
    const holds = async () => {
      reason = await condition();
      return reason === undefined;
    };
    await eventually(what, holds, { within: SETTLED_WITHIN_MS }).catch((error: Error) => {
      problems.push(`${what}: ${reason ?? error.message}`);
    });
  };
  await expect('the directory equals reality on every replica', () => directoryProblem(site));
  await expect('no alert is firing', () => alertProblem(site));
  await expect('every gauge is zero', () => gaugeProblem(site));
  await expect('no descriptor is left', async () => descriptorProblem(site));
  await expect('the audit trail is complete', () => auditProblem(site, changes));
  return problems;
}

/** The sessions that end at a replica, as it has them itself, compared with what the others list. */
async function directoryProblem(site: Site): Promise<string | undefined> {
  const { replicas } = site.shape;
  const sessions = 2 * Object.keys(site.shape.agents).length;
  const listings = await Promise.all(
    replicas.map(async (name) => {
      const { items } = await site.api(name, 'GET /sessions?limit=500');
      return items.map(
        ({ agent, slot, state, replica }) =>
          `${String(agent)} ${String(slot)} ${String(state)} at ${String(replica ?? name)}`,
      );
    }),
  );
  const own = listings.flatMap((lines, index) =>
    lines.filter((line) => line.endsWith(` ${replicas[index]}`)),
  );
  const reality = own.sort().join(', ');
  if (own.length !== sessions || own.some((line) => !line.includes(' ready ')))
    return `${own.length} sessions: ${reality}`;
  for (const [index, lines] of listings.entries()) {
    if (lines.sort().join(', ') !== reality)
      return `${replicas[index]} lists ${lines.join(', ')}, and there are ${reality}`;
  }
  for (const name of replicas) {
    const { items } = await site.api(name, 'GET /replicas');
    const strange = items.filter(
      ({ state, link, drifted }) => state !== 'running' || link === 'connecting' || drifted === true,
    );
    if (items.length !== replicas.length || strange.length > 0) return `${name} has ${JSON.stringify(items)}`;
  }
  return undefined;
}

async function alertProblem(site: Site): Promise<string | undefined> {
  for (const name of site.shape.replicas) {
    const { items } = await site.api(name, 'GET /alerts?state=firing');
    if (items.length > 0) return `${name} has ${JSON.stringify(items)}`;
  }
  return undefined;
}

async function gaugeProblem(site: Site): Promise<string | undefined> {
  for (const name of site.shape.replicas) {
    const found = [...(await metricsOf(site.host(name).address)).matchAll(GAUGES)];
    if (found.length < 4) return `${name} has only ${found.length} gauges`;
    const busy = found.filter(([, value]) => Number(value) !== 0);
    if (busy.length > 0) return `${name}: ${busy.map(([line]) => line).join(', ')}`;
  }
  return undefined;
}

/** Sockets whose other end is the port of clients, or the target: all clients have gone. */
function descriptorProblem(site: Site): string | undefined {
  const clientPort = site.target.address.port;
  for (const [name, { pid }] of site.replicas) {
    const left = socketsOf(pid).filter(({ local }) => local === 5432).length;
    // One listens.
    if (left > 1) return `${name} has ${left - 1} sockets of clients`;
  }
  for (const [name, { pid }] of site.agents) {
    const left = socketsOf(pid).filter(({ remote }) => remote === clientPort).length;
    if (left > 0) return `${name} has ${left} sockets to the target`;
  }
  return undefined;
}

/** The TCP sockets that a process has open, by /proc. */
function socketsOf(pid: number): readonly { readonly local: number; readonly remote: number }[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', remote = '', , , , , , , inode = ''] = line.trim().split(/\s+/);
        const portOf = (address: string) => Number.parseInt(address.split(':')[1] ?? '', 16);
        return inodes.has(inode) ? [{ local: portOf(local), remote: portOf(remote) }] : [];
      }),
  );
}

/** Each acknowledged change has one entry, which every replica shows. */
async function auditProblem(site: Site, changes: Changes): Promise<string | undefined> {
  for (const name of site.shape.replicas) {
    const counts = new Map<string, number>();
    for (let cursor = ''; ; ) {
      const { body, items } = await site.api(name, `GET /audit?limit=500${cursor}`);
      for (const { subject } of items) counts.set(String(subject), (counts.get(String(subject)) ?? 0) + 1);
      if (typeof body['nextCursor'] !== 'string') break;
      cursor = `&cursor=${encodeURIComponent(body['nextCursor'])}`;
    }
    for (const id of changes.acknowledged) {
      const entries = [...counts]
        .filter(([subject]) => subject.includes(id))
        .reduce((sum, [, count]) => sum + count, 0);
      if (entries !== 1) return `${name} shows ${entries} entries for the change ${id}`;
    }
  }
  return undefined;
}
