import type { AgentConfig } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import { ProblemError } from '@penstock/wire';
import type { AgentCredentials } from '../identity/agent-credentials.ts';
import { IdentityKeeper } from '../identity/identity-keeper.ts';
import { openKeyStore } from '../identity/key-store.ts';
import type { AgentLog } from '../observe/event.ts';
import { isPermanent } from '../tunnel/backoff.ts';
import { type PlainAnswer, type PlainRequest, plainRequest } from '../tunnel/plain-request.ts';
import type { Environment } from '../tunnel/proxy.ts';

export type IdentityOptions = {
  readonly config: () => AgentConfig;
  readonly environment: Environment;
  /** Milliseconds by which the gateway's clock is ahead of this host's. */
  readonly clockOffset: () => number;
  /** Called with why the agent could not enroll or renew. */
  readonly onFailed: (detail: string) => void;
  /** Called when a renewed identity must be confirmed by a session. */
  readonly onStaged: () => void;
  /** Called when a renewed identity is in force. */
  readonly onPromoted: (identity: AgentCredentials) => void;
  readonly log: AgentLog;
  readonly clock: Clock;
};

/** The agent's identity, and requests to the gateway under it. */
export type AgentIdentity = {
  readonly keeper: IdentityKeeper;
  /**
   * Enrolls if necessary, then keeps the identity renewed. Resolves to false if it is stopped first. Rejects when the
   * agent cannot enroll.
   */
  start(): Promise<boolean>;
  /** Aborts enrollment and renewal. A drain does not wait for them. */
  stop(): void;
  /** Makes one request on a separate connection. Throws ProblemError IDENTITY_REQUIRED, or GatewayError. */
  request(request: PlainRequest, signal: AbortSignal): Promise<PlainAnswer>;
};

/** Opens the identity directory. Throws IdentityError. */
export async function openAgentIdentity(options: IdentityOptions): Promise<AgentIdentity> {
  const { config, environment, clockOffset, onStaged, onPromoted, log, clock } = options;
  const { name, pool, identity } = config();
  const stopping = new AbortController();
  const connectOptions = (credentials: AgentCredentials | undefined, signal: AbortSignal) => ({
    environment,
    signal,
    identity: credentials && { key: credentials.key.reveal(), certificate: credentials.certificate },
  });
  const keeper = await IdentityKeeper.open({
    keyStore: await openKeyStore(identity.directory),
    name,
    pool,
    enrollmentToken: () => config().identity.enrollmentToken,
    enrollmentTokenMissing: () => config().identity.enrollmentTokenMissing,
    post: (credentials) => (path, body) =>
      plainRequest(config().gateway, connectOptions(credentials, stopping.signal), {
        method: 'POST',
        path,
        body,
      }),
    log: (event, fields) => {
      const detail = fields && 'detail' in fields ? fields['detail'] : undefined;
      if (typeof detail === 'string') options.onFailed(detail);
      log(event, fields);
    },
    clock,
    clockOffset,
    backoff: () => config().tunnel.reconnect,
    isPermanent,
    onStaged,
    onPromoted,
  });
  return {
    keeper,
    async start() {
      await keeper.ensureEnrolled(stopping.signal);
      if (stopping.signal.aborted) return false;
      keeper.start();
      return true;
    },
    stop() {
      keeper.stop();
      stopping.abort(new Error('The agent stops.'));
    },
    async request(request, signal) {
      if (keeper.current === undefined) throw new ProblemError('IDENTITY_REQUIRED');
      return plainRequest(config().gateway, connectOptions(keeper.current, signal), request);
    },
  };
}
