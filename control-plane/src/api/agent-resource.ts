import {
  type AgentDetail,
  type AgentResource,
  type AgentRow,
  type AgentSample,
  agentConditions,
  commandFor,
} from '@penstock/api-schema';
import type { AgentView, Sample } from '../fleet/agent-view.ts';
import type { Reason } from '../fleet/reason.ts';
import { type OperationContext, operationsOf } from '../operations/agent-operations.ts';
import { timestamp } from './timestamp.ts';

export function agentResource(view: AgentView): AgentResource {
  const { id, name, pool, address, sessions, streams, softwareVersion, platform, config, clock } = view;
  const { cpu, memory, eventLoop, connectors, boots, pin } = view;
  return {
    id,
    name,
    pool,
    ...reasonResource(view, view),
    reasons: view.reasons.map((reason) => reasonResource(reason, view)),
    ...known('enrolledAt', timestamp(view.enrolledAt)),
    ...known('identityNotAfter', timestamp(view.identityNotAfter)),
    ...known('drainedAt', timestamp(view.drainedAt)),
    ...known('connectedSince', timestamp(view.connectedSince)),
    ...known('lastHeartbeat', timestamp(view.lastHeartbeat)),
    ...known('address', address),
    sessions: {
      open: sessions.got,
      ...known('wanted', sessions.wanted),
      ...known('replicas', sessions.replicas),
    },
    streams,
    ...known('softwareVersion', softwareVersion),
    ...known('platform', platform),
    boots: boots.map((boot) => ({ ...boot, since: timestamp(boot.since) })),
    ...known('config', config),
    ...known('pin', pin && pinResource(pin)),
    ...known('connectors', connectors),
    checks: view.checks.map((check) => ({ ...check, at: timestamp(check.at) })),
    ...known('clock', clock && { skewMs: clock.skew, roundTripMs: clock.roundTrip }),
    ...known('cpu', cpu),
    ...known('memory', memory),
    ...known('eventLoop', eventLoop),
  };
}

export function agentRow(view: AgentView): AgentRow {
  const { name, pool, state, code, since, message, detail, sessions, streams, clock, memory } = view;
  return {
    name,
    pool,
    state,
    code,
    since: timestamp(since),
    message,
    ...known('detail', detail),
    reasons: view.reasons.length,
    ...known('lastHeartbeat', timestamp(view.lastHeartbeat)),
    ...known('identityNotAfter', timestamp(view.identityNotAfter)),
    ...known('address', view.address),
    sessions: sessions.got,
    ...known('sessionsWanted', sessions.wanted),
    streams: streams.open,
    ...known('softwareVersion', view.softwareVersion),
    ...known('configVersion', view.config?.version),
    ...known('pinVersion', view.pin?.version),
    ...known('drift', view.pin?.drift),
    ...known('skewMs', clock && Math.round(clock.skew)),
    ...known('roundTripMs', clock && Math.round(clock.roundTrip * 10) / 10),
    ...known('cpuLoad', view.cpu && Math.round(view.cpu.load * 1000) / 1000),
    ...known('memoryUsed', memory && share(memory)),
  };
}

const share = ({ totalBytes, availableBytes }: NonNullable<AgentView['memory']>) =>
  Math.round((1 - availableBytes / totalBytes) * 1000) / 1000;

export function agentDetail(
  view: AgentView,
  samples: readonly Sample[],
  context: OperationContext,
): AgentDetail {
  return {
    ...agentResource(view),
    operations: operationsOf(view, context),
    samples: samples.map(sampleResource),
  };
}

function pinResource({ version, digest, mode, scope, drift }: NonNullable<AgentView['pin']>) {
  return { version, digest, mode, scope, ...known('drift', drift) };
}

function reasonResource(reason: Reason, { name, checks }: Pick<AgentView, 'name' | 'checks'>) {
  const { code, state, since, message, advice, detail } = reason;
  const connector = checks.find(({ reach }) => reach !== 'ready')?.connector;
  const command = commandFor(agentConditions[code], { name, connector });
  return {
    code,
    state,
    since: timestamp(since),
    message,
    advice,
    ...known('command', command),
    ...known('detail', detail),
  };
}

function sampleResource(sample: Sample): AgentSample {
  const { at, cpuLoad, memoryAvailable, eventLoopP99, streams, skew, roundTrip } = sample;
  return {
    at: timestamp(at),
    ...known('cpuLoad', cpuLoad),
    ...known('memoryAvailableBytes', memoryAvailable),
    eventLoopP99Ms: eventLoopP99,
    streams,
    ...known('skewMs', skew),
    ...known('roundTripMs', roundTrip),
  };
}

/** The field, or nothing when it is not known. */
function known<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [Each in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [Each in Key]?: Value };
}
