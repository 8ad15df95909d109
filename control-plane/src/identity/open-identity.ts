import { createHash, X509Certificate } from 'node:crypto';
import type { GatewayConfig } from '@penstock/config-schema';
import { AttemptLimit } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { lifeOf } from '../leadership/leadership.ts';
import type { Authority } from './authority.ts';
import { openAuthority } from './authority-files.ts';
import { Enrollment } from './enrollment.ts';
import { EnrollmentRefusals } from './enrollment-refusals.ts';
import { EnrollmentTokens } from './enrollment-token.ts';
import { IdentityFileError } from './identity-file-error.ts';
import { identityIssuer } from './identity-issuer.ts';
import type { Presence } from './name-claim.ts';
import { startPruning } from './pruning.ts';
import { Renewal } from './renewal.ts';
import { Revocation } from './revocation.ts';

export type Identity = {
  readonly authority: Authority;
  readonly tokens: EnrollmentTokens;
  readonly refusals: EnrollmentRefusals;
  readonly enrollment: Enrollment;
  readonly renewal: Renewal;
  readonly revocation: Revocation;
  /** Stops the daily pruning, and resolves when it no longer uses the store. Call it before closing the store. */
  stop(): Promise<void>;
};

export type IdentityOptions = {
  readonly store: Store;
  /** Returns the configuration in force, which a reload can change. */
  readonly config: () => Pick<GatewayConfig, 'pools' | 'identity'>;
  readonly dataDirectory: string;
  /** The configured agent CA. */
  readonly agentCa?: GatewayConfig['agentCa'];
  /** The epoch of this gateway if there may be others on the store. */
  readonly epoch?: string | undefined;
  readonly organization: string;
  readonly presence: (agentId: string) => Presence;
  /** Milliseconds without a session after which another key may take an agent's name. One minute by default. */
  readonly settleTime?: number;
  readonly clock?: () => number;
  /** Called when pruning the store fails. It is repeated a day later. */
  readonly onPruneFailed?: (error: unknown) => void;
};

const MINUTE_MS = 60_000;

/**
 * Opens everything that concerns the identities of agents, over an open store. The caller stops it. Throws
 * IdentityFileError, PrivateFileError or StoreError.
 */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, config, organization, presence } = options;
  const { settleTime = MINUTE_MS, clock = Date.now, onPruneFailed = () => {} } = options;
  const authority = await openAuthority({ agentCa: options.agentCa, dataDirectory: options.dataDirectory });
  await claimAuthority(options, authority);
  const revocation = await Revocation.load(store, clock);
  const hasPool = (name: string) => config().pools.some((pool) => pool.name === name);
  const tokens = new EnrollmentTokens(store, hasPool, clock);
  const certificateLifetime = () => config().identity.certificateLifetime;
  const issue = identityIssuer({ store, authority, organization, certificateLifetime, clock });
  const issueLimit = new AttemptLimit({ maxAttempts: 20, windowMs: MINUTE_MS, clock });
  const refusals = new EnrollmentRefusals(clock);
  const enrollment = new Enrollment({
    store,
    refusals,
    tokens,
    revocation,
    issue,
    issueLimit,
    hasPool,
    presence,
    settleTime,
    clock,
    attemptLimit: new AttemptLimit({ maxAttempts: 30, windowMs: MINUTE_MS, clock }),
  });
  const renewalGrace = () => config().identity.renewalGrace;
  const renewal = new Renewal({ store, revocation, issue, issueLimit, renewalGrace, presence, clock });
  const stop = await startPruning({ store, clock, onFailed: onPruneFailed });
  return { authority, tokens, refusals, enrollment, renewal, revocation, stop };
}

/** Gateways on one store issue identities that all of them accept. */
async function claimAuthority({ store, epoch }: IdentityOptions, { caPem }: Authority): Promise<void> {
  if (epoch === undefined) return;
  const key = new X509Certificate(caPem).publicKey.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(key).digest('hex');
  if (await store.transaction((inside) => inside.authority.claim(hash, { leaseOf: lifeOf(''), epoch })))
    return;
  throw new IdentityFileError(
    'Another gateway on this store has another agent CA, so agents that enroll there would be refused here. Set agentCa in ' +
      'the gateway.yaml of both to the same files. To replace the CA, stop all gateways first.',
  );
}
