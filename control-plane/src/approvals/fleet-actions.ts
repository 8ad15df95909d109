import type { PinRow } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { Requester } from '../actor.ts';
import type { AgentView } from '../fleet/agent-view.ts';
import type { PinTarget, Steering } from '../fleet/steering.ts';
import type { Approvals, Performed } from './approvals.ts';

/** Actions on the fleet. Each runs immediately, or waits for an admin if the pool requires approval for it. */
export type FleetActions = {
  drain(agent: string, requester: Requester): Promise<Performed<AgentView>>;
  resume(agent: string, requester: Requester): Promise<Performed<AgentView>>;
  /** Sets the pin, or removes it if `version` is undefined. The value is the new pin, if any. */
  pin(
    target: PinTarget,
    version: number | undefined,
    requester: Requester,
  ): Promise<Performed<PinRow | undefined>>;
};

type PinArguments = { readonly version: number | null };

/** Registers the actions of `steering` with `approvals`. `poolOf` returns the pool of an agent, if the agent exists. */
export function fleetActions(
  steering: Steering,
  approvals: Pick<Approvals, 'action'>,
  poolOf: (agent: string) => string | undefined,
): FleetActions {
  const drain = approvals.action('drain', ({ subject }, actor) =>
    steering.drain(targetOf(subject).name, actor),
  );
  const resume = approvals.action('resume', ({ subject }, actor) =>
    steering.resume(targetOf(subject).name, actor),
  );
  const pin = approvals.action<PinArguments, PinRow | undefined>(
    'pin',
    ({ subject, arguments: { version } }, actor) =>
      steering.pin(targetOf(subject), version ?? undefined, actor),
  );
  const requestOf = (agent: string) => {
    const pool = poolOf(agent);
    if (pool === undefined) {
      throw new ProblemError('NOT_FOUND', `There is no agent named ${agent}, or it has been revoked.`);
    }
    return { pool, subject: `agent:${agent}` };
  };
  return {
    drain: async (agent, requester) => drain({ ...requestOf(agent), arguments: {} }, requester),
    resume: async (agent, requester) => resume({ ...requestOf(agent), arguments: {} }, requester),
    async pin({ scope, name }, version, requester) {
      const target = scope === 'agent' ? requestOf(name) : { pool: name, subject: `pool:${name}` };
      return pin({ ...target, arguments: { version: version ?? null } }, requester);
    },
  };
}

/** Parses `agent:NAME` or `pool:NAME`. */
function targetOf(subject: string): PinTarget {
  const [scope = '', name = ''] = subject.split(':', 2);
  return { scope: scope === 'agent' ? 'agent' : 'pool', name };
}
