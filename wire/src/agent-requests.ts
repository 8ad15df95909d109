import { Type } from '@penstock/json-schema';
import type { AgentRequestDescriptor, AnswerOf, ArgumentsOf } from './agent-request-descriptor.ts';
import { NAME_PATTERN } from './enrollment.ts';
import { ProbeResult } from './probe-result.ts';

const Name = Type.String({ pattern: NAME_PATTERN });
const Text = (maxLength: number) => Type.String({ maxLength });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** Milliseconds. The API sets narrower bounds. */
const Timeout = Type.Integer({ minimum: 100, maximum: 60_000 });

/** For requests that the agent answers from memory. */
const SHORT_TIMEOUT_MS = 17_000;

export const probeRequest = {
  action: 'probe',
  arguments: Type.Object({
    host: Type.String({
      minLength: 1,
      maxLength: 253,
      description: 'Host name or IP address, as seen from the agent.',
    }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    kind: Type.Optional(
      Type.String({
        maxLength: 32,
        description: 'Connector kind whose protocol the probe speaks. The default is `tcp`.',
      }),
    ),
    timeout: Timeout,
  }),
  answer: ProbeResult,
  role: 'operator',
  approvable: true,
  timeoutMs: 'argument',
  repeatable: true,
  route: {
    path: 'probe',
    summary: 'Probe a host and port from an agent',
    description:
      "Goes through the stages from name resolution to the protocol and reports the stage reached. The agent's " +
      '`policy.probe` determines what can be probed; `reach` is `denied` for everything else.',
  },
} as const satisfies AgentRequestDescriptor;

export const checkRequest = {
  action: 'check',
  arguments: Type.Object({ connector: Name, timeout: Timeout }),
  answer: ProbeResult,
  role: 'operator',
  approvable: false,
  timeoutMs: 'argument',
  repeatable: true,
  route: {
    path: 'check',
    summary: 'Check a connector of an agent',
    description: 'Uses the protocol of the connector, without credentials.',
  },
} as const satisfies AgentRequestDescriptor;

export const logsRequest = {
  action: 'logs',
  arguments: Type.Object({
    limit: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 200,
      description: 'Maximum number of lines; the newest are returned.',
    }),
    level: Type.Optional(
      Type.Enum(['trace', 'debug', 'info', 'warn', 'error'], {
        default: 'info',
        description: 'Minimum severity.',
      }),
    ),
    since: Type.Optional(
      Type.String({
        maxLength: 40,
        pattern: '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$',
        description: 'Only lines from this time on, by the clock of the agent. RFC 3339.',
      }),
    ),
    text: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description: 'Only lines that contain this, in any case, after they were redacted.',
      }),
    ),
  }),
  answer: Type.Object({
    /** Oldest first, each a JSON object. */
    lines: Type.Array(Type.Unknown(), { maxItems: 100_000 }),
    /** Number of matches of each redaction rule. */
    redactions: Type.Record(Text(64), Count),
    /** Number of omitted lines, by reason. */
    omitted: Type.Record(Text(128), Count),
  }),
  role: 'operator',
  approvable: true,
  policy: 'logs',
  timeoutMs: SHORT_TIMEOUT_MS,
  repeatable: true,
  route: {
    path: 'logs',
    summary: 'Get recent log lines of an agent',
    description: "The agent redacts them. Refused if the agent's `policy.remote.logs` is `deny`.",
  },
} as const satisfies AgentRequestDescriptor;

/** The API compares the answer with the pinned version. */
export const effectiveConfigRequest = {
  action: 'effective-config',
  arguments: Type.Object({}),
  answer: Type.Object({
    version: Count,
    digest: Text(80),
    /** With defaults filled in and references resolved, except that secrets are shown as their references. */
    config: Type.Unknown(),
    /** The content of the file with its references unresolved. The digest and pins refer to it. */
    content: Type.Unknown(),
    /** Number of matches of each redaction rule, in both. */
    redactions: Type.Record(Text(64), Count),
    /** The most recent file that was refused, unless a valid one has been loaded since. */
    lastFailed: Type.Optional(
      Type.Object({
        at: Type.Number({ minimum: 0, maximum: 8.64e15 }),
        problems: Type.Array(Text(1024), { maxItems: 100 }),
      }),
    ),
  }),
  role: 'operator',
  approvable: false,
  timeoutMs: SHORT_TIMEOUT_MS,
  repeatable: true,
} as const satisfies AgentRequestDescriptor;

export const restartRequest = {
  action: 'restart',
  arguments: Type.Object({}),
  answer: Type.Object({}),
  role: 'operator',
  approvable: true,
  policy: 'restart',
  timeoutMs: SHORT_TIMEOUT_MS,
  repeatable: false,
  route: {
    path: 'restart',
    summary: 'Restart an agent',
    description:
      "The agent drains and exits, and its supervisor starts it again. Refused if the agent's `policy.remote.restart` " +
      'is `deny`.',
  },
} as const satisfies AgentRequestDescriptor;

/** Every request. To add one: write its descriptor, list it here, and handle it in agent/src/diagnostics. */
export const agentRequests = [
  probeRequest,
  checkRequest,
  logsRequest,
  effectiveConfigRequest,
  restartRequest,
] as const;

export type AgentRequest = (typeof agentRequests)[number];
export type AgentAction = AgentRequest['action'];
export type AgentArguments<Action extends AgentAction> = ArgumentsOf<
  Extract<AgentRequest, { action: Action }>
>;
export type AgentAnswer<Action extends AgentAction> = AnswerOf<Extract<AgentRequest, { action: Action }>>;
