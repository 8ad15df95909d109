import type { AlertCondition } from '@penstock/config-schema';
import type { AgentFacts, AlertFacts, PoolFacts } from './facts.ts';
import { isOlder } from './software-version.ts';

/** A condition that holds for a subject now. */
export type Finding = {
  readonly condition: AlertCondition;
  /** `agent:NAME`, `pool:NAME`, `connector:POOL/AGENT/NAME` or `gateway`. */
  readonly subject: string;
  readonly pool: string | undefined;
  readonly detail: string;
};

export type Findings = {
  readonly holding: readonly Finding[];
  /** Subjects, as `keyOf` writes them, for which nobody can tell now: what was said of them stays said. */
  readonly undecided: (key: string) => boolean;
};

/** Share of a queue that counts as filling. */
const QUEUE_SHARE = 0.8;
const DAY = 86_400_000;
const HOUR = 3_600_000;

/** What tells one alert from another: there is one at a time for each. */
export const keyOf = ({ condition, subject }: Pick<Finding, 'condition' | 'subject'>): string =>
  `${condition} ${subject}`;

/** All conditions that hold, for the conditions asked for. */
export function findingsIn(facts: AlertFacts, asked: ReadonlySet<AlertCondition>): Findings {
  const holding: Finding[] = [];
  const unknown = new Set<string>();
  const add = (finding: Finding, decided = true) => {
    if (!asked.has(finding.condition)) return;
    if (decided) holding.push(finding);
    else unknown.add(keyOf(finding));
  };
  for (const agent of facts.agents) aboutAgent(agent, facts, add);
  for (const pool of facts.pools) aboutPool(pool, facts.settled, add);
  aboutGateway(facts, add);
  // Of one who is away nobody knows which connectors would fail, so whatever was said of them stays.
  const away = new Set(
    facts.agents.filter(({ present }) => !present).map(({ name, pool }) => `${pool}/${name}`),
  );
  return {
    holding,
    undecided: (key) =>
      unknown.has(key) || away.has(/^connector-failing connector:(.+)\/[^/]+$/.exec(key)?.[1] ?? ''),
  };
}

type Add = (finding: Finding, decided?: boolean) => void;

function aboutAgent(agent: AgentFacts, { settled, gateway }: AlertFacts, add: Add): void {
  const { name, pool, present } = agent;
  const about = (condition: AlertCondition, detail: string | undefined, decided = true) => {
    const subject = `agent:${name}`;
    if (detail !== undefined) add({ condition, subject, pool, detail });
    else if (!decided) add({ condition, subject, pool, detail: '' }, false);
  };
  // Who is away, and not yet for too long, is not back either.
  about('agent-stale', settled || present ? agent.stale : undefined, present);
  // The end itself is known of an agent that is away; whether it still renews is not.
  about('identity-expiring', agent.expiring, present);
  about('clock-skew', present ? agent.skewed : undefined, present && agent.clockKnown);
  about('config-drift', present ? agent.drifted : undefined, present);
  about('identity-cloned', present ? agent.cloned : undefined, present);
  const { softwareVersion } = agent;
  const behind = softwareVersion !== undefined && isOlder(softwareVersion, gateway.softwareVersion);
  about(
    'version-behind',
    behind && present
      ? `It runs ${softwareVersion}, and this gateway ${gateway.softwareVersion}.`
      : undefined,
    present,
  );
  if (!present) return;
  const aboutConnector = (connector: string, detail: string, decided: boolean) => {
    const subject = `connector:${pool}/${name}/${connector}`;
    add({ condition: 'connector-failing', subject, pool, detail }, decided);
  };
  for (const { connector, detail } of agent.failing) aboutConnector(connector, detail, true);
  for (const connector of agent.unchecked) aboutConnector(connector, '', false);
}

function aboutPool({ name, ready, minReady, waiting, queueLimit }: PoolFacts, settled: boolean, add: Add) {
  const subject = `pool:${name}`;
  if (ready < minReady) {
    const detail = `${ready} of at least ${minReady} agents are ready.`;
    add({ condition: 'pool-below-minimum', subject, pool: name, detail }, settled);
  }
  if (queueLimit > 0 && waiting >= queueLimit * QUEUE_SHARE) {
    const detail = `${waiting} clients wait, and ${queueLimit} may.`;
    add({ condition: 'queue-filling', subject, pool: name, detail });
  }
}

function aboutGateway({ gateway, now, certificateExpiry }: AlertFacts, add: Add): void {
  const left = gateway.certificateNotAfter - now;
  if (left >= certificateExpiry) return;
  const end = new Date(gateway.certificateNotAfter).toISOString();
  add({
    condition: 'gateway-certificate-expiring',
    subject: 'gateway',
    pool: undefined,
    detail: left > 0 ? `It ends in ${rest(left)}, at ${end}.` : `It ended at ${end}: no agent can connect.`,
  });
}

function rest(milliseconds: number): string {
  return milliseconds >= 2 * DAY
    ? `${Math.floor(milliseconds / DAY)} days`
    : `${Math.max(1, Math.floor(milliseconds / HOUR))} h`;
}
