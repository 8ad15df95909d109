import type { FarEnd } from '@penstock/transport';
import type { CloseCode } from '@penstock/wire';

/**
 * What routing needs of a session to an agent, whether the session ends at this gateway or elsewhere. The tunnel
 * implements it.
 */
export type RoutableSession = {
  readonly identity: { readonly agentId: string; readonly name: string; readonly pool: string };
  /** Names the process of the agent. Connections that outlive a session go on in the same process only. */
  readonly bootId: string;
  /** Id of the replica that has the session; undefined: this gateway. */
  readonly replica?: string;
  readonly acceptsOpens: boolean;
  /** Why it does not accept opens; undefined when it does. */
  readonly unavailableReason: UnavailableReason | undefined;
  /** Whether it has left an open unanswered and has not sent a byte since. Other sessions come first. */
  readonly isSuspect: boolean;
  /** Streams, opens in progress included. */
  readonly load: number;
  /** `address`: host:port of the connector's target or of one it may redirect to; any when omitted. */
  offers(connector: string, address?: string): boolean;
  /** A connector as its agent announced it. */
  connector(name: string): { readonly kind: string } | undefined;
  /** Whether connections that have lost their session can go on here. A suspended agent keeps its connections. */
  readonly acceptsResumes: boolean;
  /** Asks the agent to dial. Rejects with TunnelError, or with the reason of the request's signal. */
  open(request: OpenRequest): Promise<TargetStream>;
  /** Tells the agent that a connection without a stream has ended. */
  endCarried(id: string, code: CloseCode): void;
};

/** How long a connection is kept without a session, in milliseconds. */
export type ResumeLimits = {
  readonly for: number;
  /** If the session was closed, as it is when the process at its other end has ended. */
  readonly closed: number;
};

export type UnavailableReason = 'draining' | 'full' | 'identity-expired' | 'suspended' | 'replica-away';

/** What an open contains besides its connector; see the message `open` in docs/wire.md. */
export type OpenOptions = {
  readonly clientPort?: number | undefined;
  /** One of the connector's further addresses, in the form of `hostPortText`. */
  readonly address?: string | undefined;
  /** The client's TLS ends at the gateway; the agent speaks TLS with the target. */
  readonly secure?: boolean | undefined;
  /** Set when the connection may outlive its session; an agent that cannot do that ignores it. */
  readonly carry?: ResumeLimits | undefined;
};

export type OpenRequest = OpenOptions & {
  readonly connector: string;
  readonly connection: string;
  /** The client's address. */
  readonly client: string;
  /**
   * Instead of dialing: the connection to go on with, what this gateway has handed to its client, and how many streams of the
   * connection it has accepted.
   */
  readonly resume?: { readonly of: string; readonly received: number; readonly streams: number };
  /**
   * Called when the agent has not sent a byte for some hundred milliseconds since the open, and again after as long. The
   * open goes on.
   */
  readonly onSilent?: () => void;
  /** Milliseconds for the agent to dial and for its stream to arrive. */
  readonly timeout: number;
  readonly signal: AbortSignal;
};

/**
 * A stream to a target that is connected and waits to be accepted. The caller owns it: it must refuse it, or accept it
 * and then splice or reset it.
 */
export type TargetStream = FarEnd & {
  /** The replica by way of which the agent was reached; undefined: its session ends at this gateway. */
  readonly replica?: string;
  /** What was written and read before client and target are joined; the splice needs it if there is a link. */
  readonly beforeJoin: { readonly sent: readonly Buffer[]; readonly received: number };
  /** What the agent has handed to the target, as the stream reported when it arrived. */
  readonly peerReceived: number;
  /** Sends bytes before client and target are joined. */
  send(bytes: Buffer): void;
  /** Counts bytes that were read from the stream before client and target are joined. */
  countReceived(bytes: number): void;
  /**
   * Accepts the stream, which may then be written. Throws TunnelError when it has closed already: SESSION_LOST, or the code of a reset.
   */
  accept(): void;
  /** Rejects the stream, and the agent drops its target. Does nothing once the stream is destroyed. */
  refuse(code: CloseCode): void;
};
