import type { SubjectNames } from './subject.ts';

export type Remedy = { readonly href: string; readonly text: string };

/** The page on which the advice for a condition can be followed: the same for an alert and for a group of the fleet. */
export function remedyFor(
  code: string,
  { agent, pool, connection, rollout }: SubjectNames,
): Remedy | undefined {
  switch (code) {
    case 'HEARTBEAT_MISSING':
    case 'NO_SESSION':
    case 'CLOCK_SKEW':
    case 'agent-stale':
    case 'clock-skew':
      return link(agent, (name) => [`/agents/${name}`, `What is known of ${name}`]);
    case 'CONNECTOR_FAILING':
    case 'connector-failing':
      return link(agent, (name) => [`/agents/${name}`, `Check the connectors of ${name}`]);
    case 'CLONED_IDENTITY':
    case 'identity-cloned':
      return link(agent, (name) => [`/agents/${name}?tab=sessions`, `Sessions of ${name}`]);
    case 'IDENTITY_EXPIRING':
    case 'SESSIONS_MISSING':
    case 'identity-expiring':
    case 'restart-exhausted':
      return link(agent, (name) => [`/agents/${name}?tab=logs`, `Log of ${name}`]);
    case 'CONFIG_DRIFT':
    case 'config-drift':
      return (
        link(agent, (name) => [
          `/agents/${name}?tab=configuration`,
          `The configuration of ${name}, and its pin`,
        ]) ?? link(pool, (name) => [`/config/${name}`, `Versions and pin of ${name}`])
      );
    case 'connection-failing':
      return link(connection, (name) => [`/connections/${name}`, `Which hop of ${name} fails`]);
    case 'pool-below-min-ready':
      return link(pool, (name) => [
        `/fleet?pool=${name}&state=identity-expired%2Cquarantined%2Cdraining%2Cstale%2Cdisconnected`,
        `Agents of ${name} that are not ready`,
      ]);
    case 'queue-near-limit':
      return link(pool, (name) => [`/pools/${name}`, `Capacity of ${name}`]);
    case 'software-outdated':
      return { href: '/rollouts', text: 'Rollouts' };
    case 'rollout-halted':
      return (
        link(rollout, (id) => [`/rollouts/${id}`, 'The rollout']) ?? { href: '/rollouts', text: 'Rollouts' }
      );
    default:
      return undefined;
  }
}

function link(
  name: string | undefined,
  made: (name: string) => readonly [href: string, text: string],
): Remedy | undefined {
  if (name === undefined) return undefined;
  const [href, text] = made(name);
  return { href, text };
}
