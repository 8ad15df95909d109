import Type, { type Static } from 'typebox';
import { NAME_PATTERN } from './enrollment.ts';
import { type Reach, reachStages } from './reach.ts';

const Name = Type.String({ pattern: NAME_PATTERN });
const Text = (maxLength: number) => Type.String({ maxLength });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Millis = Type.Number({ minimum: 0, maximum: 8.64e15 });
const ReachStage = Type.Enum(reachStages as Reach[]);
const Port = Type.Integer({ minimum: 1, maximum: 65_535 });

/** One step of a probe or a check. What depends on a step that failed is skipped, not failed. */
export const ProbeStage = Type.Object({
  stage: Type.Enum(['policy', 'dns', 'tcp', 'protocol', 'tls']),
  verdict: Type.Enum(['ok', 'failed', 'skipped']),
  milliseconds: Type.Optional(Millis),
  detail: Type.Optional(Text(512)),
});
export type ProbeStage = Static<typeof ProbeStage>;

export const ProbeResult = Type.Object({
  reach: ReachStage,
  sentence: Text(512),
  advice: Text(512),
  stages: Type.Array(ProbeStage, { maxItems: 8 }),
});
export type ProbeResult = Static<typeof ProbeResult>;

/** What the gateway may ask of an agent on the control stream: arguments of `request`, value of `result`. */
export const agentRequests = {
  /** How far the way to a host and port leads. Refused where `policy.probe` does not allow it. */
  probe: {
    arguments: Type.Object({
      host: Type.String({ minLength: 1, maxLength: 253 }),
      port: Port,
      /** Speak this protocol, as a check of a connector of this kind does; `tcp` when left out. */
      kind: Type.Optional(Text(32)),
      timeout: Type.Integer({ minimum: 100, maximum: 60_000 }),
    }),
    value: ProbeResult,
  },
  /** How far the way to a connector leads; the only way to check a MySQL connector. */
  check: {
    arguments: Type.Object({ connector: Name, timeout: Type.Integer({ minimum: 100, maximum: 60_000 }) }),
    value: ProbeResult,
  },
  /** The last lines of the agent's log, redacted by the agent. Refused where `policy.remote.logs` denies it. */
  logs: {
    arguments: Type.Object({
      limit: Type.Integer({ minimum: 1, maximum: 100_000 }),
      /** Least severe level, `info` when left out. */
      level: Type.Optional(Type.Enum(['trace', 'debug', 'info', 'warn', 'error'])),
    }),
    value: Type.Object({
      /** Oldest first, each a JSON object. */
      lines: Type.Array(Type.Unknown(), { maxItems: 100_000 }),
      /** How often each rule of redaction hit. */
      redactions: Type.Record(Text(64), Count),
      /** Lines that were left out, by reason. */
      leftOut: Type.Record(Text(128), Count),
    }),
  },
  /** The configuration in force, redacted, with the file that was refused last if it has not been mended since. */
  'effective-config': {
    arguments: Type.Object({}),
    value: Type.Object({
      version: Count,
      digest: Text(80),
      /** With defaults filled in and references resolved; secrets stand as the references they came from. */
      config: Type.Unknown(),
      /** The file's content before references, which is what the digest covers and what a pin names. */
      content: Type.Unknown(),
      /** How often each rule of redaction hit, in both. */
      redactions: Type.Record(Text(64), Count),
      lastFailed: Type.Optional(
        Type.Object({ at: Millis, problems: Type.Array(Text(1024), { maxItems: 100 }) }),
      ),
    }),
  },
  /** Drain and end, so that the supervisor starts the agent anew. Refused where `policy.remote.restart` denies it. */
  restart: { arguments: Type.Object({}), value: Type.Object({}) },
} as const;

export type AgentAction = keyof typeof agentRequests;
export type AgentArguments<Action extends AgentAction> = Static<(typeof agentRequests)[Action]['arguments']>;
export type AgentAnswer<Action extends AgentAction> = Static<(typeof agentRequests)[Action]['value']>;

export const agentActions = Object.keys(agentRequests) as readonly AgentAction[];
