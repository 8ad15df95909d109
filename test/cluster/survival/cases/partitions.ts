import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../../rig/eventually.ts';
import type { Case, Stage } from '../case.ts';
import { ports } from '../files.ts';
import type { Cut } from '../network.ts';
import { REPLICAS, type ReplicaName, type Site } from '../site.ts';
import { leaderOf } from '../watch.ts';

/** Longer than a lease, and than every ping. */
const AWAY_MS = 20_000;

type Direction = 'out' | 'in' | 'both';
const directions: readonly Direction[] = ['out', 'in', 'both'];

/**
 * Cuts, has an alert fire and end meanwhile, and mends. That it has ended may be told only then: a leader that fired it
 * without the database and has lost the lead since hands it over once it reaches the database.
 */
async function partitioned(
  { site, changes, progress, fireAlert }: Stage,
  cuts: readonly Cut[],
  isToldLater = false,
): Promise<void> {
  site.network.cut(cuts);
  let resolved: Promise<void> | undefined;
  try {
    const began = performance.now();
    progress('firing an alert');
    const alert = await fireAlert();
    await changes.make();
    resolved = alert.resolve();
    if (!isToldLater) await resolved;
    progress('waiting');
    await pause(Math.max(0, AWAY_MS - (performance.now() - began)));
  } finally {
    site.network.mend();
  }
  await resolved;
}

const each = (direction: Direction): readonly ('out' | 'in')[] =>
  direction === 'both' ? ['out', 'in'] : [direction];

/** Packets between two replicas, as the first one sends or receives them: on both sessions, each is the client of one. */
export const peerCuts = (site: Site, one: ReplicaName, other: ReplicaName, direction: Direction): Cut[] =>
  each(direction).flatMap((way) =>
    (['host', 'peer'] as const).map((accepts) => ({
      host: site.host(one),
      direction: way,
      peer: site.host(other).address,
      port: ports.peers,
      accepts,
    })),
  );

const words = { out: 'nothing leaves', in: 'nothing arrives', both: 'nothing passes' } as const;

export const peerPartitions: readonly Case[] = directions.map((direction) => ({
  name: `between two replicas ${words[direction]}`,
  async run(stage) {
    await partitioned(stage, peerCuts(stage.site, 'r1', 'r2', direction));
    return {};
  },
}));

/** The leader, so that another one has to take over. */
export const databasePartitions: readonly Case[] = directions.map((direction) => ({
  name: `between the leader and the database ${words[direction]}`,
  async run(stage) {
    const { site } = stage;
    const leader = leaderOf(site) ?? 'r1';
    const accepts = 'peer' as const;
    const cuts = each(direction).flatMap((way) =>
      site.storePorts.map((port) => ({
        host: site.host(leader),
        direction: way,
        peer: site.network.own,
        port,
        accepts,
      })),
    );
    await partitioned(stage, cuts, true);
    return { mayRepeatAlerts: true, facts: { leader, nextLeader: leaderOf(site) ?? 'none' } };
  },
}));

export const agentPartitions: readonly Case[] = directions.map((direction) => ({
  name: `between the agents and a replica ${words[direction]}`,
  async run(stage) {
    const { site } = stage;
    const cuts = each(direction).map((way) => ({
      host: site.host('r2'),
      direction: way,
      peer: site.network.own,
      port: ports.tunnel,
      accepts: 'host' as const,
    }));
    await partitioned(stage, cuts);
    return {};
  },
}));

/** A replica that reaches neither the others nor the database, and agents and clients reach it. */
export const isolated: Case = {
  name: 'a replica reaches neither the others nor the database',
  async run(stage) {
    const { site } = stage;
    const others = REPLICAS.filter((name) => name !== 'r3');
    const cuts = [
      ...others.flatMap((other) => peerCuts(site, 'r3', other, 'both')),
      ...each('both').flatMap((way) =>
        site.storePorts.map((port) => ({
          host: site.host('r3'),
          direction: way,
          peer: site.network.own,
          port,
          accepts: 'peer' as const,
        })),
      ),
    ];
    await partitioned(stage, cuts);
    await eventually('r3 to have joined again', async () => {
      const { items } = await site.api('r1', 'GET /replicas');
      return items.length === REPLICAS.length;
    });
    return { mayRepeatAlerts: true };
  },
};
