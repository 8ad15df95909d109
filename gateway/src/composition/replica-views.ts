import { type Member, percentOfMean } from '@penstock/cluster';
import type { ReplicaView } from '@penstock/control-plane';
import type { PeerDirectory } from '../relay/peer-directory.ts';
import type { SpreadReplica } from '../relay/rebalancer.ts';
import type { Registry } from '../tunnel/registry.ts';
import type { RegisteredSession } from '../tunnel/session-registry.ts';

export type ReplicaSources = {
  readonly epoch: string;
  readonly members: () => readonly Member[];
  /** By epoch. */
  readonly states: () => ReadonlyMap<string, 'connected' | 'connecting'>;
  readonly directories: ReadonlyMap<string, Pick<PeerDirectory, 'sessions' | 'state' | 'isDescribed'>>;
  readonly registry: Pick<Registry, 'localSessions'>;
};

/** Whether there is a session to a peer process, over which it has described its sessions. */
export function isKnown(
  peer: string,
  { states, directories }: Pick<ReplicaSources, 'states' | 'directories'>,
): boolean {
  return states().get(peer) === 'connected' && directories.get(peer)?.isDescribed === true;
}

/** All replicas by name, as this one sees them. */
export function replicaViews(sources: ReplicaSources): ReplicaView[] {
  const views = sources.members().map((member) => viewOf(member, sources));
  const spread = views.filter(takesSessions).map(({ sessions }) => sessions);
  return views.map((view) => {
    if (!takesSessions(view)) return view;
    const others = spread.toSpliced(spread.indexOf(view.sessions), 1);
    return { ...view, loadPercent: percentOfMean({ own: view.sessions, others }) };
  });
}

/**
 * The other replicas that take sessions. Undefined while this one drains, or one that should run cannot be reached: then
 * nobody knows how many it has.
 */
export function othersOf(sources: ReplicaSources): SpreadReplica[] | undefined {
  const views = sources.members().map((member) => viewOf(member, sources));
  const alive = views.filter(({ state }) => state === 'running');
  const isWhole = alive.some(({ isSelf }) => isSelf) && alive.every(({ link }) => link !== 'connecting');
  return isWhole ? alive.filter(({ isSelf }) => !isSelf) : undefined;
}

const takesSessions = ({ state, link }: ReplicaView) => state === 'running' && link !== 'connecting';

function viewOf({ id, isExpired, startedAt, ...member }: Member, sources: ReplicaSources): ReplicaView {
  const { epoch, directories, registry } = sources;
  const isSelf = member.epoch === epoch;
  const directory = directories.get(member.epoch);
  const link = isSelf ? 'self' : isKnown(member.epoch, sources) ? 'connected' : 'connecting';
  // A connected peer says that it drains before its row is read again.
  const connected = link === 'connected' && directory?.state === 'draining' ? 'draining' : member.state;
  return {
    name: id,
    epoch: member.epoch,
    address: member.address,
    version: member.version,
    configDigest: member.configDigest,
    startedAt,
    isSelf,
    state: isExpired && !isSelf ? 'expired' : connected,
    link,
    ...countsOf(isSelf ? registry.localSessions : (directory?.sessions ?? [])),
  };
}

function countsOf(sessions: Iterable<RegisteredSession>): Pick<ReplicaView, 'sessions' | 'agents'> {
  const agents = new Set<string>();
  let count = 0;
  for (const { state, identity } of sessions) {
    if (state !== 'ready') continue;
    count += 1;
    agents.add(identity.agentId);
  }
  return { sessions: count, agents: agents.size };
}
