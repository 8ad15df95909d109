import { type AgentConfig, type ConnectorKind, connectorKinds, type Secret } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import {
  type AgentAnswer,
  type AgentMessageOf,
  agentRequests,
  type GatewayMessageOf,
  type ProbeResult,
  RequestError,
} from '@penstock/wire';
import { type AgentLog, agentEvents } from '../observe/event.ts';
import { type ProbePolicy, probePolicy } from '../policy/probe-rules.ts';
import { checkConnector } from '../target/checks/connector-check.ts';
import type { ReachResult } from '../target/checks/reach-target.ts';
import { probe } from '../target/probe.ts';
import type { Targets } from '../target/targets.ts';
import { effectiveConfig } from './effective-config.ts';
import { logBundle } from './log-bundle.ts';
import { isAtLeast, RecentLogs } from './recent-logs.ts';
import { KnownSecrets } from './redaction/known-secrets.ts';
import { secretsOfConfig, secretsOfEnvironment, secretsOfPem } from './redaction/secrets-of.ts';
import { type RequestHandlers, Requests } from './requests.ts';

export type DiagnosticsOptions = {
  readonly config: AgentConfig;
  readonly targets: Pick<Targets, 'connector' | 'resolve' | 'isDenied'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The private keys in use, as PEM. */
  readonly keys: () => readonly Secret[];
  readonly log: AgentLog;
  readonly clock: Clock;
  /** Drains the agent and ends it so that its supervisor starts it again. */
  readonly restart: () => void;
};

/** Answers the control plane's requests about the agent and its environment. */
export type Diagnostics = {
  /** Logs an event and keeps it for the request `logs`. */
  readonly log: AgentLog;
  /** Answers a request of the control plane by calling `reply` exactly once. */
  answer(
    request: GatewayMessageOf<'request'>,
    reply: (result: AgentMessageOf<'result'>) => void,
    report?: (progress: AgentMessageOf<'progress'>) => void,
  ): void;
  apply(config: AgentConfig): void;
  stop(): void;
};

type LastFailed = AgentAnswer<'effective-config'>['lastFailed'];

/** Opens the diagnostics of a running agent. The caller must call `stop`. */
export function openDiagnostics(options: DiagnosticsOptions): Diagnostics {
  const { targets, environment, keys, clock, restart } = options;
  let { config } = options;
  let policy: ProbePolicy = probePolicy(config.policy.probe.allow);
  let lastFailed: LastFailed;
  const recent = new RecentLogs(config.log.recent);
  const known = new KnownSecrets(() => recent.clear());
  known.add(secretsOfEnvironment(environment));
  known.add(secretsOfConfig(config));

  const log: AgentLog = (event, fields) => {
    options.log(event, fields);
    if (event === 'config-loaded') lastFailed = undefined;
    if (event === 'config-refused')
      lastFailed = { at: Math.round(clock.wall()), problems: problemsIn(fields) };
    const [level, msg] = agentEvents[event];
    if (!isAtLeast(level, config.log.level)) return;
    recent.add(level, { time: new Date(clock.wall()).toISOString(), level, event, ...fields, msg });
  };
  /** Includes the current keys, which a renewal replaces. */
  const secrets = () => {
    known.add(keys().flatMap((key) => secretsOfPem(key.reveal())));
    return known;
  };

  const handlers: RequestHandlers = {
    probe: async ({ host, port, kind = 'tcp', timeout }, signal, onStage) => {
      if (!isKind(kind)) {
        throw new RequestError(
          'REQUEST_MALFORMED',
          `${kind} is not a connector kind. Use one of ${connectorKinds.join(', ')}.`,
        );
      }
      return probeResultOf(
        await probe({ host, port, kind, timeout }, { policy, targets, signal, onStage, clock }),
      );
    },
    check: async ({ connector: name, timeout }, signal, onStage) => {
      const connector = targets.connector(name);
      if (connector === undefined) {
        throw new RequestError('CONNECTOR_UNKNOWN', `agent.yaml has no connector ${name}.`);
      }
      return probeResultOf(await checkConnector(connector, { targets, timeout, signal, onStage, clock }));
    },
    logs: (args, signal) => logBundle(recent, secrets(), args, signal),
    'effective-config': () => effectiveConfig(config, lastFailed, secrets()),
    restart: () => {
      // The answer is sent first, because a drain ends the sessions.
      setImmediate(restart);
      return {};
    },
  };
  const policyOfRequests = () => config.policy.remote;
  const requests = new Requests({ requests: agentRequests, handlers, policy: policyOfRequests, log, clock });
  return {
    log,
    answer: (request, reply, report) => void requests.answer(request, reply, report),
    apply(next) {
      config = next;
      policy = probePolicy(next.policy.probe.allow);
      recent.resize(next.log.recent);
      known.add(secretsOfConfig(next));
    },
    stop: () => requests.stop(),
  };
}

const isKind = (kind: string): kind is ConnectorKind => (connectorKinds as readonly string[]).includes(kind);

/** Copies field by field, so that nothing else is sent. */
const probeResultOf = ({ reach, message, advice, stages }: ReachResult): ProbeResult => ({
  reach,
  message,
  advice,
  stages,
});

const MAX_PROBLEMS = 100;
const MAX_PROBLEM_CHARACTERS = 1024;

function problemsIn(fields: Readonly<Record<string, unknown>> | undefined): string[] {
  const problems = fields?.['problems'];
  if (!Array.isArray(problems)) return [];
  return problems.slice(0, MAX_PROBLEMS).map((problem) => String(problem).slice(0, MAX_PROBLEM_CHARACTERS));
}
