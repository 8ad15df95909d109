import type { AgentState, ConditionCode } from '@penstock/api-schema';
import { driftOf, driftWords, type Pin } from '../pins/drift.ts';
import type { AgentRecord } from './agent-record.ts';
import { inOrder } from './reason.ts';
import type { Member } from './roster.ts';

/** Milliseconds all. */
export type HealthLimits = {
  readonly staleAfter: number;
  readonly skew: number;
  /** How long a heartbeat of a process that ended can still be on its way. */
  readonly pingTimeout: number;
  readonly certificateLifetime: number;
};

/** One condition that holds; `since` where it is known better than by when it was noticed. */
export type Finding = {
  readonly code: ConditionCode;
  readonly state: AgentState;
  readonly detail?: string | undefined;
  readonly since?: number | undefined;
};

export type Judged = {
  readonly member: Member;
  readonly record: AgentRecord;
  readonly pin: Pin | undefined;
};

/** `wall` is the time of day, `now` the monotonic one. */
export type Moment = { readonly wall: number; readonly now: number };

/** Agents renew at two thirds of their certificate's life: half of the last third is left when this one is late. */
const LATE_RENEWAL = 1 / 6;

/** Every condition that holds for an agent, what matters most first. Never empty. */
export function judgeAgent(agent: Judged, limits: HealthLimits, moment: Moment): readonly Finding[] {
  const found = [
    ...ofIdentity(agent, moment),
    ...ofPresence(agent, limits, moment),
    ...(agent.record.sessions.length > 0 ? ofOnePresent(agent, limits, moment) : []),
  ];
  return found.length === 0 ? [{ code: 'CONNECTED', state: 'connected' }] : inOrder(found);
}

/** What is known of an agent that is away says nothing of what it would be if it came. */
const ofOnePresent = (agent: Judged, limits: HealthLimits, moment: Moment) => [
  ...ofClones(agent, limits),
  ...ofDrift(agent),
  ...ofHealth(agent, limits, moment),
];

const readyOf = (record: AgentRecord) => record.sessions.filter(({ state }) => state === 'ready');

/** When the certificate ends that the agent uses, or would use if it came back. */
export function identityNotAfter({ member, record }: Pick<Judged, 'member' | 'record'>): number | undefined {
  const used = record.sessions.length === 0 ? undefined : record.last?.heartbeat.identity.notAfter;
  const known = [...record.sessions.map(({ identity }) => identity.notAfter), member.identityNotAfter ?? 0];
  const latest = Math.max(...known);
  // An agent that has not told yet says 0; none uses one that was never issued.
  if (used !== undefined && used > 0) return Math.min(used, latest);
  return latest === 0 ? undefined : latest;
}

function ofIdentity(agent: Judged, { wall }: Moment): Finding[] {
  const { revokedAt } = agent.member;
  if (revokedAt !== undefined) return [{ code: 'IDENTITY_REVOKED', state: 'revoked', since: revokedAt }];
  const ends = identityNotAfter(agent);
  if (ends === undefined || ends > wall) return [];
  return [{ code: 'IDENTITY_EXPIRED', state: 'identity-expired', since: ends }];
}

function ofClones({ record }: Judged, { pingTimeout }: HealthLimits): Finding[] {
  if (!record.boots.areCloned(pingTimeout)) return [];
  const each = record.boots.views.map(({ id, address, since }) => `${id} at ${address} since ${time(since)}`);
  return [{ code: 'CLONED_IDENTITY', state: 'quarantined', detail: `${each.join(', and ')}.` }];
}

function ofDrift({ record, pin }: Judged): Finding[] {
  const config = record.hello?.config;
  if (config === undefined || pin === undefined || pin.mode === 'off') return [];
  if (driftOf(config, pin) === 'none') return [];
  const state = pin.mode === 'enforce' ? 'quarantined' : 'degraded';
  return [{ code: 'CONFIG_DRIFT', state, detail: driftWords(config, pin) }];
}

function ofPresence(
  { member, record }: Judged,
  { staleAfter }: HealthLimits,
  { wall, now }: Moment,
): Finding[] {
  const found: Finding[] = [];
  const { drainedAt } = member;
  if (drainedAt !== undefined)
    found.push({ code: 'DRAINED_BY_OPERATOR', state: 'draining', since: drainedAt });
  const leaving = record.sessions.length > 0 && readyOf(record).length === 0;
  if (leaving) found.push({ code: 'AGENT_LEAVING', state: 'draining' });
  const silence = now - Math.max(record.last?.heardAt ?? record.awaitedSince, record.connectedAt ?? 0);
  if (silence > staleAfter) {
    found.push({
      code: 'HEARTBEAT_MISSING',
      state: 'stale',
      since: wall - silence + staleAfter,
      detail: lastWords(record),
    });
  }
  if (record.sessions.length === 0) found.push({ code: 'NO_SESSION', state: 'disconnected' });
  return found;
}

const lastWords = ({ last }: AgentRecord) =>
  last === undefined
    ? 'It has not been heard of since this gateway started.'
    : `The last one came at ${time(last.at)}.`;

function ofHealth(agent: Judged, limits: HealthLimits, { wall }: Moment): Finding[] {
  const { record } = agent;
  const found: Finding[] = [];
  const got = readyOf(record).length;
  const wanted = record.hello?.session.wanted ?? 0;
  if (got < wanted) {
    found.push({ code: 'SESSIONS_MISSING', state: 'degraded', detail: `It has ${got} of ${wanted}.` });
  }
  const failing = record.last?.heartbeat.checks.filter(({ reach }) => reach !== 'ready') ?? [];
  if (failing.length > 0) {
    const each = failing.slice(0, MOST_NAMED).map(({ connector, reach }) => `${connector} (${reach})`);
    const more = failing.length > MOST_NAMED ? `, and ${failing.length - MOST_NAMED} more` : '';
    found.push({ code: 'CONNECTOR_FAILING', state: 'degraded', detail: `${each.join(', ')}${more}.` });
  }
  const clock = record.clock.best;
  // Only what the round trip leaves no doubt about.
  if (clock !== undefined && Math.abs(clock.skew) - clock.roundTrip / 2 > limits.skew) {
    found.push({ code: 'CLOCK_SKEW', state: 'degraded', detail: skewWords(clock.skew) });
  }
  const ends = identityNotAfter(agent);
  if (ends !== undefined && ends > wall && ends - wall < limits.certificateLifetime * LATE_RENEWAL) {
    found.push({ code: 'IDENTITY_EXPIRING', state: 'degraded', detail: `It ends at ${time(ends)}.` });
  }
  return found;
}

/** Connectors that a sentence names. */
const MOST_NAMED = 10;

/** Seconds with one digit, and the direction. */
const skewWords = (skew: number) =>
  `It is ${(Math.abs(skew) / 1000).toFixed(1)} s ${skew > 0 ? 'ahead' : 'behind'}.`;

const time = (at: number) => new Date(at).toISOString();
