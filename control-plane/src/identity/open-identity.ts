import type { GatewayConfig } from '@penstock/config-schema';
import { AttemptLimit } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import type { Authority } from './authority.ts';
import { openAuthority } from './authority-files.ts';
import { Enrollment } from './enrollment.ts';
import { EnrollmentTokens } from './enrollment-token.ts';
import { identityIssue } from './identity-issue.ts';
import type { Presence } from './name-claim.ts';
import { startPruning } from './pruning.ts';
import { Renewal } from './renewal.ts';
import { Revocation } from './revocation.ts';

export type Identity = {
  readonly authority: Authority;
  readonly tokens: EnrollmentTokens;
  readonly enrollment: Enrollment;
  readonly renewal: Renewal;
  readonly revocation: Revocation;
  /** Ends the daily pruning, and comes back when the store is no longer used by it. Must come before the store's end. */
  stop(): Promise<void>;
};

export type IdentityOptions = {
  readonly store: Store;
  /** The configuration in force: asked anew each time, since it is reloaded. */
  readonly config: () => Pick<GatewayConfig, 'pools' | 'identity'>;
  readonly dataDirectory: string;
  readonly organization: string;
  readonly presence: (agentId: string) => Presence;
  /** Milliseconds an agent has to show itself before another key may take its name; one minute. */
  readonly settleTime?: number;
  readonly clock?: () => number;
  /** Told when the store could not be pruned; tried again a day later. */
  readonly onPruneFailed?: (error: unknown) => void;
};

const MINUTE = 60_000;

/** Everything about who an agent is, over an open store; the caller stops it. Throws IdentityFileError or StoreError. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, config, dataDirectory, organization, presence } = options;
  const { settleTime = MINUTE, clock = Date.now, onPruneFailed = () => {} } = options;
  const authority = await openAuthority(dataDirectory);
  const revocation = await Revocation.load(store, clock);
  const hasPool = (name: string) => config().pools.some((pool) => pool.name === name);
  const tokens = new EnrollmentTokens(store, hasPool, clock);
  const certificateLifetime = () => config().identity.certificateLifetime;
  const issue = identityIssue({ store, authority, organization, certificateLifetime, clock });
  const issues = new AttemptLimit({ maxAttempts: 20, windowMs: MINUTE, clock });
  const enrollment = new Enrollment({
    store,
    tokens,
    revocation,
    issue,
    issues,
    hasPool,
    presence,
    settleTime,
    clock,
    attempts: new AttemptLimit({ maxAttempts: 30, windowMs: MINUTE, clock }),
  });
  const renewal = new Renewal({ store, revocation, issue, issues, clock });
  const stop = await startPruning({ store, clock, onFailed: onPruneFailed });
  return { authority, tokens, enrollment, renewal, revocation, stop };
}
