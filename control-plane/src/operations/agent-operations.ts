import {
  type AgentOperation,
  type AgentOperations,
  agentOperations,
  type OperationResource,
} from '@penstock/api-schema';
import type { ApprovableAction } from '@penstock/config-schema';
import type { AdminRole } from '@penstock/store';
import type { AgentView } from '../fleet/agent-view.ts';

export type OperationContext = {
  readonly role: AdminRole;
  /** Actions of operators that require an admin's approval in the pool of the agent. */
  readonly requireApproval: readonly ApprovableAction[];
};

type OperatedAgent = Pick<AgentView, 'state' | 'drainedAt' | 'sessions' | 'pin' | 'policy'>;

type Rule = {
  readonly role: AdminRole;
  readonly approvable?: ApprovableAction;
  /** Whether the agent itself has to answer. */
  readonly asksAgent?: true;
  /** Why it would change nothing. */
  readonly notNeeded?: (agent: OperatedAgent) => string | undefined;
  /** The field of agent.yaml by which its owners refuse it. */
  readonly refusedBy?: (policy: NonNullable<AgentView['policy']>) => string | undefined;
};

const deniedIn = (field: string, value: string) => (value === 'deny' ? `${field} is deny` : undefined);

const rules: Readonly<Record<AgentOperation, Rule>> = {
  drain: {
    role: 'operator',
    approvable: 'drain',
    notNeeded: ({ drainedAt }) =>
      drainedAt === undefined ? undefined : 'An operator has drained this agent.',
  },
  resume: {
    role: 'operator',
    approvable: 'resume',
    notNeeded: ({ drainedAt }) =>
      drainedAt === undefined ? 'No operator has drained this agent.' : undefined,
  },
  restart: {
    role: 'operator',
    approvable: 'restart',
    asksAgent: true,
    refusedBy: ({ restart }) => deniedIn('policy.remote.restart', restart),
  },
  revoke: { role: 'admin' },
  pin: { role: 'operator', approvable: 'pin' },
  unpin: {
    role: 'operator',
    approvable: 'pin',
    notNeeded: ({ pin }) => (pin?.scope === 'agent' ? undefined : 'This agent has no pin of its own.'),
  },
  probe: {
    role: 'operator',
    approvable: 'probe',
    asksAgent: true,
    refusedBy: ({ probe }) => (probe === 'none' ? 'policy.probe.allow is empty' : undefined),
  },
  check: { role: 'operator', asksAgent: true },
  logs: {
    role: 'operator',
    approvable: 'logs',
    asksAgent: true,
    refusedBy: ({ logs }) => deniedIn('policy.remote.logs', logs),
  },
  config: { role: 'operator', asksAgent: true },
};

const ranks: Readonly<Record<AdminRole, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Whether the caller may do this with an agent now, as far as the gateway knows; the agent may still refuse it. */
export function operationOf(
  operation: AgentOperation,
  agent: OperatedAgent,
  { role, requireApproval }: OperationContext,
): OperationResource {
  const rule = rules[operation];
  const approval =
    role !== 'admin' && rule.approvable !== undefined && requireApproval.includes(rule.approvable);
  const no = (code: NonNullable<OperationResource['code']>, reason: string): OperationResource => ({
    allowed: false,
    approval,
    code,
    reason,
  });
  if (ranks[role] < ranks[rule.role]) return no('ROLE_INSUFFICIENT', `This requires the role ${rule.role}.`);
  if (agent.state === 'revoked') return no('AGENT_REVOKED', 'The identity of this agent has been revoked.');
  const notNeeded = rule.notNeeded?.(agent);
  if (notNeeded !== undefined) return no('NOT_NEEDED', notNeeded);
  if (rule.asksAgent && agent.sessions.got === 0) return no('AGENT_OFFLINE', 'This agent is not connected.');
  const refusal = agent.policy && rule.refusedBy?.(agent.policy);
  if (refusal !== undefined) {
    return no('AGENT_REFUSED', `The agent's owners do not allow this: ${refusal} in agent.yaml.`);
  }
  return { allowed: true, approval };
}

/** The same for every operation. */
export function operationsOf(agent: OperatedAgent, context: OperationContext): AgentOperations {
  const entries = agentOperations.map((operation) => [operation, operationOf(operation, agent, context)]);
  return Object.fromEntries(entries) as AgentOperations;
}
