import type { AgentState, ConditionCode } from '@penstock/api-schema';
import { describeDrift, driftOf, type Pin } from '../pins/drift.ts';
import type { AgentRecord } from './agent-record.ts';
import type { Member } from './member.ts';
import { inOrder } from './reason.ts';

/** In milliseconds. */
export type HealthLimits = {
  readonly staleAfter: number;
  readonly maxClockSkew: number;
  /** How long a heartbeat of a process that has died can still be in transit. */
  readonly pingTimeout: number;
  readonly certificateLifetime: number;
  /** An agent that asks for more sessions gets these. */
  readonly sessionsPerAgent: number;
};

/** One condition that holds; `since` where that is known more precisely than by when it was noticed. */
export type HoldingCondition = {
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

/** `wall` is the date, `now` the monotonic time; both in milliseconds. */
export type Moment = { readonly wall: number; readonly now: number };

/**
 * Share of a certificate's lifetime before its end in which the certificate counts as expiring. Agents renew at two thirds
 * of the lifetime, so half of the last third has passed without a renewal then.
 */
export const EXPIRY_WARNING_SHARE = 1 / 6;
/** Connectors that a detail names. */
const MAX_NAMED_CONNECTORS = 10;

/** Every condition that holds for an agent, the most important first. Never empty. */
export function judgeAgent(agent: Judged, limits: HealthLimits, moment: Moment): readonly HoldingCondition[] {
  const found = [
    ...ofIdentity(agent, moment),
    ...ofPresence(agent, limits, moment).filter(
      // A revoked agent is not expected to connect: to say that it is missing would send somebody to look for it.
      ({ code }) => agent.member.revokedAt === undefined || !absences.has(code),
    ),
    // What an absent agent reported last does not predict how it will be when it connects.
    ...(agent.record.sessions.length > 0 ? ofConnected(agent, limits, moment) : []),
  ];
  return found.length === 0 ? [{ code: 'CONNECTED', state: 'connected' }] : inOrder(found);
}

const absences: ReadonlySet<ConditionCode> = new Set(['NO_SESSION', 'HEARTBEAT_MISSING']);

const ofConnected = (agent: Judged, limits: HealthLimits, moment: Moment) => [
  ...ofClones(agent, limits),
  ...ofDrift(agent),
  ...ofHealth(agent, limits, moment),
];

const readyOf = (record: AgentRecord) => record.sessions.filter(({ state }) => state === 'ready');

/** When the certificate expires that the agent uses, or would connect with; undefined when not known. */
export function identityNotAfter({ member, record }: Pick<Judged, 'member' | 'record'>): number | undefined {
  const used = record.sessions.length === 0 ? undefined : record.last?.heartbeat.identity.notAfter;
  const known = [...record.sessions.map(({ identity }) => identity.notAfter), member.identityNotAfter ?? 0];
  const latest = Math.max(...known);
  // An agent reports 0 until it knows, and cannot use a certificate that was never issued.
  if (used !== undefined && used > 0) return Math.min(used, latest);
  return latest === 0 ? undefined : latest;
}

function ofIdentity(agent: Judged, { wall }: Moment): HoldingCondition[] {
  const { revokedAt } = agent.member;
  if (revokedAt !== undefined) return [{ code: 'IDENTITY_REVOKED', state: 'revoked', since: revokedAt }];
  const ends = identityNotAfter(agent);
  if (ends === undefined || ends > wall) return [];
  return [{ code: 'IDENTITY_EXPIRED', state: 'identity-expired', since: ends }];
}

function ofClones({ record }: Judged, { pingTimeout }: HealthLimits): HoldingCondition[] {
  if (!record.boots.areCloned(pingTimeout)) return [];
  const each = record.boots.views.map(({ id, address, since }) => `${id} at ${address} since ${time(since)}`);
  return [{ code: 'CLONED_IDENTITY', state: 'quarantined', detail: `${each.join(', and ')}.` }];
}

function ofDrift({ record, pin }: Judged): HoldingCondition[] {
  const config = record.hello?.config;
  if (config === undefined || pin === undefined || pin.mode === 'off') return [];
  if (driftOf(config, pin) === 'none') return [];
  const state = pin.mode === 'enforce' ? 'quarantined' : 'degraded';
  return [{ code: 'CONFIG_DRIFT', state, detail: describeDrift(config, pin) }];
}

/** Whether an agent is quarantined because its file differs from an enforced pin. */
export function isQuarantinedByPin({ record, pin }: Pick<Judged, 'record' | 'pin'>): boolean {
  const config = record.hello?.config;
  if (config === undefined || pin?.mode !== 'enforce' || record.sessions.length === 0) return false;
  return driftOf(config, pin) !== 'none';
}

function ofPresence(
  { member, record }: Judged,
  { staleAfter }: HealthLimits,
  { wall, now }: Moment,
): HoldingCondition[] {
  const found: HoldingCondition[] = [];
  const { drainedAt } = member;
  if (drainedAt !== undefined)
    found.push({ code: 'DRAINED_BY_OPERATOR', state: 'draining', since: drainedAt });
  const leaving = record.sessions.length > 0 && readyOf(record).length === 0;
  if (leaving) found.push({ code: 'AGENT_LEAVING', state: 'draining' });
  const silence = now - silentSince(record);
  if (silence > staleAfter) {
    found.push({
      code: 'HEARTBEAT_MISSING',
      state: 'stale',
      since: wall - silence + staleAfter,
      detail: describeLastHeartbeat(record),
    });
  }
  if (record.sessions.length === 0) found.push({ code: 'NO_SESSION', state: 'disconnected' });
  return found;
}

/** Monotonic: the last heartbeat or connect, or when this gateway began to wait for one. */
export const silentSince = ({ last, awaitedSince, connectedAt }: AgentRecord): number =>
  Math.max(last?.receivedAt ?? awaitedSince, connectedAt ?? 0);

const describeLastHeartbeat = ({ last }: AgentRecord) =>
  last === undefined
    ? 'It has sent none since this gateway started.'
    : `The last one arrived at ${time(last.at)}.`;

function ofHealth(agent: Judged, limits: HealthLimits, { wall }: Moment): HoldingCondition[] {
  const { record } = agent;
  const found: HoldingCondition[] = [];
  const got = readyOf(record).length;
  const wanted = Math.min(record.hello?.session.wanted ?? 0, limits.sessionsPerAgent);
  if (got < wanted) {
    found.push({
      code: 'SESSIONS_MISSING',
      state: 'degraded',
      detail: `It has ${got} of ${wanted} sessions.`,
    });
  }
  const failing = record.last?.heartbeat.checks.filter(({ reach }) => reach !== 'ready') ?? [];
  if (failing.length > 0) {
    const each = failing
      .slice(0, MAX_NAMED_CONNECTORS)
      .map(({ connector, reach }) => `${connector} (${reach})`);
    const more =
      failing.length > MAX_NAMED_CONNECTORS ? `, and ${failing.length - MAX_NAMED_CONNECTORS} more` : '';
    found.push({ code: 'CONNECTOR_FAILING', state: 'degraded', detail: `${each.join(', ')}${more}.` });
  }
  const clock = record.clock.best;
  // The skew is known to half of the round trip; only what exceeds that counts.
  if (clock !== undefined && Math.abs(clock.skew) - clock.roundTrip / 2 > limits.maxClockSkew) {
    found.push({ code: 'CLOCK_SKEW', state: 'degraded', detail: describeSkew(clock.skew) });
  }
  const ends = identityNotAfter(agent);
  if (ends !== undefined && ends > wall && ends - wall < limits.certificateLifetime * EXPIRY_WARNING_SHARE) {
    found.push({ code: 'IDENTITY_EXPIRING', state: 'degraded', detail: `It expires at ${time(ends)}.` });
  }
  return found;
}

const describeSkew = (skew: number) =>
  `It is ${(Math.abs(skew) / 1000).toFixed(1)} s ${skew > 0 ? 'ahead' : 'behind'}.`;

const time = (at: number) => new Date(at).toISOString();
