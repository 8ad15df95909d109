import { isFinal, type Rollout, type RolloutAgent } from '@penstock/rollouts';
import type { RolloutAgentRow, RolloutRow } from '@penstock/store';

/** A rollout as the control plane keeps it. */
export type StoredRollout = Rollout & {
  readonly revision: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly updatedAt: number;
  /** Milliseconds between two judgments of its agents. */
  readonly judgeInterval: number;
  /** Failed agents are tried again, also those that have failed with this version before. */
  readonly isRetried: boolean;
  /**
   * What failed agents had reported when they were tried again, by the time that the report names: the same report says nothing
   * about the next attempt.
   */
  readonly reportsBefore?: Readonly<Record<string, number>>;
  /** Of the leader that took the last step. */
  readonly epoch: number;
};

type Body = Omit<StoredRollout, 'id' | 'revision' | 'epoch' | 'createdAt' | 'createdBy' | 'updatedAt'>;

/** The row of the next step, under the epoch of the leader that takes it. */
export function rowOf(rollout: StoredRollout, epoch: number): RolloutRow {
  const { id, revision, epoch: _last, createdAt, createdBy, updatedAt, ...body } = rollout;
  const { state } = rollout.stage;
  return {
    id,
    kind: rollout.target.kind,
    state,
    isOpen: isFinal(state) ? 0 : 1,
    revision,
    epoch,
    createdAt,
    createdBy,
    updatedAt,
    body: JSON.stringify(body satisfies Body),
  };
}

export function rolloutOf({
  id,
  revision,
  epoch,
  createdAt,
  createdBy,
  updatedAt,
  body,
}: RolloutRow): StoredRollout {
  return { ...(JSON.parse(body) as Body), id, revision, epoch, createdAt, createdBy, updatedAt };
}

export const agentRowOf = (rolloutId: string, agent: RolloutAgent): RolloutAgentRow => ({
  rolloutId,
  agentId: agent.id,
  name: agent.name,
  pool: agent.pool,
  groupNumber: agent.group,
  state: agent.state,
  since: agent.since,
  deadline: agent.deadline ?? null,
  skipped: agent.skipped ?? null,
  reason: agent.reason ?? null,
  before: agent.before ?? null,
});

export const agentOf = (row: RolloutAgentRow): RolloutAgent => ({
  id: row.agentId,
  name: row.name,
  pool: row.pool,
  group: row.groupNumber,
  state: row.state as RolloutAgent['state'],
  since: row.since,
  deadline: row.deadline ?? undefined,
  skipped: (row.skipped ?? undefined) as RolloutAgent['skipped'],
  reason: row.reason ?? undefined,
  before: row.before ?? undefined,
});
