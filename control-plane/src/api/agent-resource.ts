import { type Reach, reachStages } from '@penstock/wire';
import Type, { type Static } from 'typebox';
import { agentStates, type ConditionCode, conditions, type Reason } from '../fleet/agent-state.ts';
import type { AgentView, Sample } from '../fleet/agent-view.ts';
import { Name, Timestamp, timestamp } from './schema.ts';

const Millis = (description: string) => Type.Number({ description });
const Stamp = Type.Object({ version: Type.Integer(), digest: Type.String() });

const ReasonResource = Type.Object({
  code: Type.Enum(Object.keys(conditions) as ConditionCode[]),
  state: Type.Enum([...agentStates]),
  since: Timestamp,
  sentence: Type.String(),
  advice: Type.String(),
  detail: Type.Optional(Type.String()),
});

const Check = Type.Object({
  connector: Type.String(),
  reach: Type.Enum(reachStages as Reach[], {
    description: 'How far the check came; `ready` is all the way.',
  }),
  at: Timestamp,
  milliseconds: Type.Optional(Type.Number()),
  detail: Type.Optional(Type.String()),
});

/** An agent as the API shows it. What only a session tells is left out until there was one since the gateway started. */
export const AgentResource = Type.Object({
  id: Type.String(),
  name: Name,
  pool: Name,
  ...ReasonResource.properties,
  reasons: Type.Array(ReasonResource, { description: 'All that holds, what matters most first.' }),
  enrolledAt: Type.Optional(Timestamp),
  identityNotAfter: Type.Optional(Timestamp),
  drainedAt: Type.Optional(Timestamp),
  connectedSince: Type.Optional(Timestamp),
  lastHeartbeat: Type.Optional(Timestamp),
  address: Type.Optional(Type.String()),
  sessions: Type.Object({ got: Type.Integer(), wanted: Type.Optional(Type.Integer()) }),
  streams: Type.Object({ open: Type.Integer(), opening: Type.Integer() }),
  softwareVersion: Type.Optional(Type.String()),
  platform: Type.Optional(Type.Object({ os: Type.String(), arch: Type.String(), node: Type.String() })),
  boots: Type.Array(
    Type.Object({
      id: Type.String(),
      address: Type.String(),
      since: Timestamp,
      sessions: Type.Integer(),
    }),
    { description: 'Processes that use this identity; two at the same time are a clone.' },
  ),
  config: Type.Optional(Stamp),
  pin: Type.Optional(
    Type.Object({
      ...Stamp.properties,
      mode: Type.Enum(['enforce', 'warn', 'off']),
      scope: Type.Enum(['pool', 'agent']),
      drift: Type.Optional(
        Type.Enum(['none', 'version', 'content'], {
          description: '`content`: changed without a new version. Left out while it is not known.',
        }),
      ),
    }),
  ),
  connectors: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String(),
        kind: Type.String(),
        addresses: Type.Optional(Type.Array(Type.String())),
      }),
    ),
  ),
  checks: Type.Array(Check),
  clock: Type.Optional(
    Type.Object({
      skewMs: Millis("How far the agent's clock is ahead of the gateway's."),
      roundTripMs: Millis('To the agent and back; the skew is right to half of it.'),
    }),
  ),
  cpu: Type.Optional(Type.Object({ load: Type.Number(), process: Type.Number() })),
  memory: Type.Optional(
    Type.Object({
      totalBytes: Type.Integer(),
      availableBytes: Type.Integer(),
      processBytes: Type.Integer(),
    }),
  ),
  eventLoop: Type.Optional(Type.Object({ p99Ms: Type.Number(), maxMs: Type.Number() })),
});
export type AgentResource = Static<typeof AgentResource>;

const SampleResource = Type.Object({
  at: Timestamp,
  cpuLoad: Type.Optional(Type.Number()),
  memoryAvailableBytes: Type.Optional(Type.Integer()),
  eventLoopP99Ms: Type.Number(),
  streams: Type.Integer(),
  skewMs: Type.Optional(Type.Number()),
  roundTripMs: Type.Optional(Type.Number()),
});

/** One agent, with what the sparklines show; the oldest sample first. */
export const AgentDetail = Type.Object({
  ...AgentResource.properties,
  samples: Type.Array(SampleResource),
});
export type AgentDetail = Static<typeof AgentDetail>;

export function agentResource(view: AgentView): AgentResource {
  const { id, name, pool, address, sessions, streams, softwareVersion, platform, config, clock } = view;
  const { cpu, memory, eventLoop, connectors, boots, pin } = view;
  return {
    id,
    name,
    pool,
    ...reasonResource(view),
    reasons: view.reasons.map(reasonResource),
    ...known('enrolledAt', timestamp(view.enrolledAt)),
    ...known('identityNotAfter', timestamp(view.identityNotAfter)),
    ...known('drainedAt', timestamp(view.drainedAt)),
    ...known('connectedSince', timestamp(view.connectedSince)),
    ...known('lastHeartbeat', timestamp(view.lastHeartbeat)),
    ...known('address', address),
    sessions: { got: sessions.got, ...known('wanted', sessions.wanted) },
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

export function agentDetail(view: AgentView, samples: readonly Sample[]): AgentDetail {
  return { ...agentResource(view), samples: samples.map(sampleResource) };
}

function pinResource({ version, digest, mode, scope, drift }: NonNullable<AgentView['pin']>) {
  return { version, digest, mode, scope, ...known('drift', drift) };
}

function reasonResource({ code, state, since, sentence, advice, detail }: Reason) {
  return { code, state, since: timestamp(since), sentence, advice, ...known('detail', detail) };
}

function sampleResource(sample: Sample): Static<typeof SampleResource> {
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
