import type { BulkAction, BulkItem } from '@penstock/api-schema';
import type { Clock } from '@penstock/runtime';
import { restartRequest } from '@penstock/wire';
import type { Requester } from '../actor.ts';
import type { Performed } from '../approvals/approvals.ts';
import type { FleetActions } from '../approvals/fleet-actions.ts';
import type { AgentView } from '../fleet/agent-view.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { Revocation } from '../identity/revocation.ts';
import type { AgentRequests } from '../requests/agent-requests.ts';
import { operationOf } from './agent-operations.ts';
import { type PreviewedFleet, previewBulkPin } from './preview-bulk-pin.ts';

export type BulkDependencies = {
  readonly fleet: Pick<OpenFleet, 'agent'> & PreviewedFleet;
  readonly actions: FleetActions;
  readonly requests: Pick<AgentRequests, 'perform'>;
  readonly revocation: Pick<Revocation, 'revoke'>;
  readonly clock: Clock;
  /** The code and the sentence of a failure. */
  readonly problemOf: (error: unknown) => Pick<BulkItem, 'code' | 'detail'>;
};

export type BulkOrder = {
  readonly action: BulkAction;
  readonly names: readonly string[];
  readonly version: number | undefined;
  readonly dryRun: boolean;
};

/** Agents worked on at once: few, because each is a transaction, or a request to an agent. */
const CONCURRENCY = 4;
/**
 * Milliseconds after which no other agent is begun: clients and proxies wait only so long for an answer, and the last request to
 * an agent can take 20 seconds more.
 */
const DEADLINE_MS = 15_000;

/** Approvals that one request can make: the number of pending ones is limited, and others need some too. */
const MAX_APPROVALS = 50;

/** Does the same with several agents. Each is audited, approved and refused as by itself. Resolves with a result for each name. */
export async function runBulk(
  { action, names, version, dryRun }: BulkOrder,
  requester: Requester,
  dependencies: BulkDependencies,
): Promise<readonly BulkItem[]> {
  const { fleet, clock, problemOf } = dependencies;
  const approvals = new Map(fleet.pools().map(({ name, requireApproval }) => [name, requireApproval]));
  const endsAt = clock.now() + DEADLINE_MS;
  const items: BulkItem[] = [];
  const previewPin =
    dryRun && (action === 'pin' || action === 'unpin') ? previewBulkPin(fleet, version) : undefined;
  let approvalCount = 0;

  const workOn = async (name: string): Promise<BulkItem> => {
    const agent = fleet.agent(name);
    if (agent === undefined) return { name, outcome: 'failed', code: 'NOT_FOUND', detail: noAgent(name) };
    const { role } = requester;
    const requireApproval = approvals.get(agent.pool) ?? [];
    const { allowed, approval, code, reason } = operationOf(action, agent, { role, requireApproval });
    if (!allowed) {
      const outcome = code === 'NOT_NEEDED' ? 'unchanged' : 'failed';
      const problem = code !== 'NOT_NEEDED' && code !== undefined && { code };
      return { name, outcome, ...problem, ...(reason !== undefined && { detail: reason }) };
    }
    if (approval) approvalCount += 1;
    if (approval && approvalCount > MAX_APPROVALS) {
      return {
        name,
        outcome: 'skipped',
        detail: `One request can make ${MAX_APPROVALS} approvals. Repeat it for this agent when they are decided.`,
      };
    }
    if (dryRun) {
      const previewed = await previewPin?.(agent);
      const outcome = approval ? 'waiting' : 'done';
      return { name, ...previewed, outcome: previewed?.outcome === 'failed' ? 'failed' : outcome };
    }
    if (clock.now() > endsAt) {
      return {
        name,
        outcome: 'skipped',
        detail: 'The time for the request was up. Repeat it for this agent.',
      };
    }
    try {
      const performed = await perform(action, agent, version, requester, dependencies);
      if (performed.kind === 'done') return { name, outcome: 'done' };
      return { name, outcome: 'waiting', approval: performed.approval.id };
    } catch (error) {
      return { name, outcome: 'failed', ...problemOf(error) };
    }
  };

  const queue = names.entries();
  const worker = async () => {
    for (const [index, name] of queue) items[index] = await workOn(name);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return items;
}

async function perform(
  action: BulkAction,
  { id, name }: AgentView,
  version: number | undefined,
  requester: Requester,
  { actions, requests, revocation }: BulkDependencies,
): Promise<Performed<unknown>> {
  switch (action) {
    case 'drain':
      return actions.drain(name, requester);
    case 'resume':
      return actions.resume(name, requester);
    case 'pin':
      return actions.pin({ scope: 'agent', name }, version, requester);
    case 'unpin':
      return actions.pin({ scope: 'agent', name }, undefined, requester);
    case 'restart':
      return requests.perform(restartRequest, name, {}, requester);
    case 'revoke':
      return { kind: 'done', value: await revocation.revoke(id, requester) };
  }
}

const noAgent = (name: string) => `There is no agent named ${name}, or it has been revoked.`;
