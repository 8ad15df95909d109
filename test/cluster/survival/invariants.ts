import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { eventually } from '../../rig/eventually.ts';
import { metricsOf } from './ask-replica.ts';
import { ports } from './files.ts';
import type { Site } from './site.ts';
import type { Changes } from './watch.ts';

/** Everything that counts connections, streams or what they keep. */
const GAUGES =
  /^penstock_(?:gateway_(?:clients|queue_depth|streams_open|streams_opening|connections_adrift)|agent_(?:streams_open(?:ing)?|connections_adrift))\b\S* (\S+)$/gm;
const SETTLED_WITHIN_MS = 60_000;
/** Connections to the tunnel port that are being checked by haproxy, or given up by an agent. */
const MAX_PASSING = 4;

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
  const places = [
    ...site.shape.replicas.map((name) => ({
      name,
      at: site.host(name).address,
      port: ports.admin,
      least: 4,
    })),
    ...[...site.agents].map(([name, agent]) => {
      const { json } = agent.lines.findLast((line) => line.json?.['event'] === 'local-listening') ?? {};
      return { name, at: '127.0.0.1', port: Number(json?.['port']), least: 3 };
    }),
  ];
  for (const { name, at, port, least } of places) {
    const found = [...(await metricsOf(at, port)).matchAll(GAUGES)];
    if (found.length < least) return `${name} has only ${found.length} gauges`;
    const busy = found.filter(([, value]) => Number(value) !== 0);
    if (busy.length > 0) return `${name}: ${busy.map(([line]) => line).join(', ')}`;
  }
  return undefined;
}

/** Sockets that clients, partitions or lost replicas have left: all clients have gone, and each link is there once. */
function descriptorProblem(site: Site): string | undefined {
  const target = site.target.address.port;
  const others = site.shape.replicas.length - 1;
  for (const [name, { pid }] of site.replicas) {
    const sockets = socketsOf(pid);
    const problem = mismatch(sockets, [
      // Each port has one that listens.
      ['clients', ({ local }) => local === ports.clients, 1],
      ['replicas that have connected', ({ local }) => local === ports.peers, 1 + others],
      ['replicas', ({ remote }) => remote === ports.peers, others],
    ]);
    if (problem !== undefined) return `${name} has ${problem}`;
    const sessions = sockets.filter(({ local }) => local === ports.tunnel).length - 1;
    const most = 2 * site.agents.size + MAX_PASSING;
    if (sessions > most) return `${name} has ${sessions} sockets of agents`;
    const known = Object.values(ports) as readonly number[];
    const expected = new Set([...known, ...site.outgoingPorts]);
    const strange = sockets.filter(({ local, remote }) => !expected.has(local) && !expected.has(remote));
    if (strange.length > 0) return `${name} has sockets of nobody: ${JSON.stringify(strange)}`;
  }
  for (const [name, { pid }] of site.agents) {
    const problem = mismatch(socketsOf(pid), [
      ['the target', ({ remote }) => remote === target, 0],
      ['gateways', ({ remote }) => remote === site.balanced.agents, 2],
    ]);
    if (problem !== undefined) return `${name} has ${problem}`;
  }
  return undefined;
}

type Socket = { readonly local: number; readonly remote: number };
type Expected = readonly [of: string, isOne: (socket: Socket) => boolean, count: number];

function mismatch(sockets: readonly Socket[], expected: readonly Expected[]): string | undefined {
  for (const [of, isOne, count] of expected) {
    const found = sockets.filter(isOne).length;
    if (found !== count) return `${found} sockets of ${of}, not ${count}`;
  }
  return undefined;
}

/** The TCP sockets that a process has open, by /proc. */
function socketsOf(pid: number): readonly Socket[] {
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
