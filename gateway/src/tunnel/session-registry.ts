import type { SessionLoss } from '@penstock/transport';
import type {
  AgentMessageOf,
  CloseCode,
  GatewayMessageOf,
  TunnelError,
  UpgradeMessage,
} from '@penstock/wire';
import type { SessionFacts, Verdict } from '../control-plane-port.ts';
import type { RoutableSession } from '../routing/session-contract.ts';

/** A session as the registry keeps it and hands it out. */
export type RegisteredSession = RoutableSession &
  SessionFacts & {
    /** Names the session to its agent. */
    readonly id: string;
    /** Sends a request other than an open. The registry is notified of a result that arrives on this session. */
    request(message: GatewayMessageOf<'request'>): void;
    /** Sends an upgrade to the agent, or an answer about one. */
    sendUpgrade(message: UpgradeMessage): void;
    /** Sends a changed pin or agent state. Does nothing before the welcome, which contains both. */
    announce(verdict: Verdict): void;
    /** Asks the agent to connect again and then to leave this session, which ends at the drain timeout. */
    askToReconnect(reason: string): void;
    /** Asks the agent to replace this session by one to another replica. It stays as it is until there is one. */
    suggestReconnect(reason: string): void;
    /** Connections that move much; undefined if they were not counted a moment ago. Counts them, at most once a second. */
    countBusy(): number | undefined;
    /** Asks so many of these to move to another session of the agent. */
    relieve(count: number): void;
    /** Ends the session and everything on it immediately. Does nothing when it has ended. */
    end(error: TunnelError, loss?: SessionLoss): void;
  };

/** A heartbeat, received `at` milliseconds since 1970. */
export type ReceivedHeartbeat = { readonly at: number; readonly heartbeat: AgentMessageOf<'heartbeat'> };

/**
 * Receives the events of sessions. `admit` is called once per session, before everything else; `ended` is called for every
 * session, including one that was refused or closed before its hello; all others only after it was admitted.
 */
export type SessionRegistry = {
  /** Admits a session whose hello is acceptable, or returns the reason for refusing it. */
  admit(session: RegisteredSession): TunnelError | undefined;
  /** The session has been welcomed and is ready. */
  opened(session: RegisteredSession): void;
  /** The session drains, or its agent has reloaded its configuration. */
  changed(session: RegisteredSession): void;
  /** The session was at its stream limit, and has room for another open. */
  hasRoom(session: RegisteredSession): void;
  /** Connections of the session wait for each other. Called about once a second while they do. */
  congested(session: RegisteredSession): void;
  ended(session: RegisteredSession, code: CloseCode): void;
  /** The agent of `session` has given up sessions that this gateway may still take for live. */
  lost(session: RegisteredSession, ids: readonly string[]): void;
  /** The session was lost, and its agent may keep these connections, which this gateway does not have. */
  untold(session: RegisteredSession, ids: readonly string[]): void;
  heartbeat(session: RegisteredSession, received: ReceivedHeartbeat): void;
  /** The agent has answered a request. */
  result(session: RegisteredSession, result: AgentMessageOf<'result'>): void;
  /** The agent has finished a part of a request. */
  progress(session: RegisteredSession, progress: AgentMessageOf<'progress'>): void;
  /** What the agent reports of upgrades has changed. */
  upgradeStatus(session: RegisteredSession, message: AgentMessageOf<'upgrade-status'>): void;
  /** The agent has staged a version and would switch. */
  maySwitch(session: RegisteredSession, message: AgentMessageOf<'may-switch'>): void;
};
