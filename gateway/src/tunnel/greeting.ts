import {
  type AgentIdentity,
  type AgentMessageOf,
  type GatewayMessageOf,
  limits,
  PROTOCOL_VERSION,
  SOFTWARE_VERSION,
  TunnelError,
} from '@penstock/wire';
import type { Verdict } from '../control-plane-port.ts';
import type { SessionOptions } from './session-options.ts';

/** Characters of `detail` in the message `refused`. */
const MAX_DETAIL_LENGTH = 1_024;

/** Why a session with this hello cannot be admitted; undefined when it can. */
export function refusalOf(
  hello: AgentMessageOf<'hello'>,
  identity: AgentIdentity,
  isRevoked: (identity: AgentIdentity) => boolean,
): TunnelError | undefined {
  if (hello.protocol !== PROTOCOL_VERSION) {
    return new TunnelError(
      'VERSION_UNSUPPORTED',
      `The agent speaks protocol version ${hello.protocol}, this gateway version ${PROTOCOL_VERSION}.`,
    );
  }
  if (hello.agent.name !== identity.name) {
    return new TunnelError(
      'IDENTITY_UNKNOWN',
      `The agent's name is ${hello.agent.name} in agent.yaml but ${identity.name} in its certificate. Enroll it again.`,
    );
  }
  // Checked when the session was requested too. The identity may have expired or been revoked in between.
  if (isRevoked(identity)) return new TunnelError('IDENTITY_REVOKED');
  return identity.notAfter < Date.now() ? new TunnelError('IDENTITY_EXPIRED') : undefined;
}

export function refusedMessage(refusal: TunnelError): GatewayMessageOf<'refused'> {
  return {
    type: 'refused',
    code: refusal.code,
    detail: refusal.message.slice(0, MAX_DETAIL_LENGTH),
    // An open that exceeds a limit is not retried, but a session of the agent may end and make room.
    retryable: refusal.retry !== 'never' || refusal.code === 'LIMIT_EXCEEDED',
  };
}

export function welcomeMessage(
  {
    self,
    isSole,
    replica,
    clock,
    heartbeatInterval,
  }: Pick<SessionOptions, 'self' | 'isSole' | 'replica' | 'clock' | 'heartbeatInterval'>,
  verdict: Verdict,
  session: string,
): GatewayMessageOf<'welcome'> {
  const its = replica();
  return {
    type: 'welcome',
    gateway: { ...self, version: SOFTWARE_VERSION },
    clock: clock.wall(),
    heartbeatInterval: heartbeatInterval(),
    ...verdict,
    reuse: { idle: limits.idleStreams },
    session,
    ...(its !== undefined && { replica: its }),
    ...(isSole && { sole: true }),
  };
}
