import type { Clock } from '@penstock/runtime';
import type { UpdaterHost, UpdaterLimits } from './host.ts';
import type { JournalKeeper } from './journal-keeper.ts';

/** Points in time at which tests cut the power. Each is right after the step that it names. */
export const cutPoints = [
  'staging-written',
  'version-added',
  'staged-written',
  'switching-written',
  'pointer-moved',
  'restarted',
  'probation-written',
  'resumed',
  'stable-moved',
  'committed-written',
  'rolling-back-written',
  'pointer-back',
  'restarted-back',
  'rolled-back-written',
] as const;
export type CutPoint = (typeof cutPoints)[number];

export type UpdaterOptions = {
  readonly host: UpdaterHost;
  readonly limits: UpdaterLimits;
  /** `buildFacts.rootKeys` of this build. */
  readonly rootKeys: readonly string[];
  /** `buildFacts.sequence` of this build: a host that has upgraded nothing yet installs no older release than this one. */
  readonly sequence: number;
  readonly clock: Clock;
  readonly log: (message: string) => void;
  /** Called at each point, for tests. */
  readonly reached?: (point: CutPoint) => void;
};

/** What the steps of an updater share. */
export type Context = Required<UpdaterOptions> & { readonly keeper: JournalKeeper };

export const MAX_DETAIL = 500;
