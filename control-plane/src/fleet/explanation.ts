import type { Advice } from '@penstock/api-schema';
import type { Reach, SkipReason } from '@penstock/wire';
import type { DialReport, RouteReport } from '../data-plane-port.ts';
import type { AgentView } from './agent-view.ts';
import type { Evidence } from './explain-evidence.ts';

export type Verdict = Advice & {
  /** Undefined when it is not known whether the target answers. */
  readonly reach: Reach | undefined;
  readonly message: string;
  readonly detail: string | undefined;
  /** When the stage was observed, in milliseconds since 1970. */
  readonly at: number | undefined;
  /** The agent through which it was observed. */
  readonly agent: string | undefined;
};

/** An agent as a new client would find it. */
export type ExplainedAgent = {
  readonly id: string;
  readonly name: string;
  readonly state: AgentView['state'];
  readonly message: string;
  readonly advice: string;
  readonly detail: string | undefined;
  /** Why it would not be selected, or not before others; undefined when it would be. */
  readonly skipReason: SkipReason | undefined;
  readonly streams: number;
  readonly evidence: Evidence | undefined;
  /** Why the agent did not answer the check that this explanation requested; undefined when it did, or was not asked. */
  readonly problem: string | undefined;
  /** Whether the agent has announced the connector, so that it can be asked to check it. */
  readonly isCheckable: boolean;
  /** Names of the connectors that the agent has announced. */
  readonly connectors: readonly string[];
};

/** Agents by what a new client would find: usable ones, and all others by why they are skipped. */
export type AgentCounts = Readonly<Partial<Record<SkipReason | 'usable', number>>>;

export type ExplainedPool = {
  readonly name: string;
  readonly queue: { readonly waiting: number; readonly limit: number };
  readonly counts: AgentCounts;
  readonly agents: readonly ExplainedAgent[];
};

/** Why a connection works or fails. */
export type Explanation = {
  readonly connection: string;
  readonly connector: string;
  readonly verdict: Verdict;
  readonly pools: readonly ExplainedPool[];
  /** Newest first. */
  readonly attempts: readonly DialReport[];
  readonly denials: RouteReport['denials'];
  readonly source: RouteReport['source'];
};
