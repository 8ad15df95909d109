export type Remedy = { readonly href: string; readonly text: string };

/** A condition of agents or of alerts, and what it is about, as far as that is one. */
export type Concerned = {
  readonly code: string;
  readonly agent?: string | undefined;
  readonly pool?: string | undefined;
  readonly connection?: string | undefined;
  readonly rollout?: string | undefined;
};

/** The page on which the advice for a condition can be followed: the same for an alert and for a group of the fleet. */
export function remedyOf({ code, agent, pool, connection, rollout }: Concerned): Remedy | undefined {
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

/** What the subject of an alert names: `agent:a1`, `connector:dc1/a1/orders-db`. */
export function concernedBy(alert: { readonly condition: string; readonly subject: string }): Concerned {
  const { condition: code, subject } = alert;
  const kind = subject.slice(0, subject.indexOf(':'));
  const name = subject.slice(subject.indexOf(':') + 1);
  if (kind !== 'connector') return { code, [kind]: name };
  const [pool, agent] = name.split('/');
  return { code, pool, agent };
}

function link(
  name: string | undefined,
  made: (name: string) => readonly [href: string, text: string],
): Remedy | undefined {
  if (name === undefined) return undefined;
  const [href, text] = made(name);
  return { href, text };
}
