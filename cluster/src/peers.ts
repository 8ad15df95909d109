import { type Clock, pause } from '@penstock/runtime';
import type { SessionLoss } from '@penstock/transport';
import { errorText, TunnelError } from '@penstock/wire';
import type { Member, Membership } from './membership.ts';
import type { OwnerMessage } from './peer-message.ts';
import { PeerSession, type PeerSessionOptions } from './peer-session.ts';

/** Follows the sessions of one peer process. Its methods must neither wait nor throw. */
export type PeerFollower = {
  opened(session: PeerSession): void;
  received(message: OwnerMessage): void;
  /** The session was lost. Another one is opened, unless `left` follows. */
  lost(loss: SessionLoss): void;
  /** The process has left the cluster, or has been replaced. Resolves when its sessions have ended; only `stop` follows. */
  left(): Promise<void>;
  /** This gateway stops: whatever is left of the peer ends before this returns. Nothing follows. */
  stop(): void;
};

export type PeersOptions = Pick<PeerSessionOptions, 'certificate' | 'windows' | 'ping'> & {
  readonly membership: Pick<Membership, 'self' | 'members' | 'onChange' | 'refresh'>;
  readonly follow: (member: Member) => PeerFollower;
  readonly clock: Clock;
  readonly onConnected: (member: Member) => void;
  /** The session to a peer was lost, or could not be opened for the first time. */
  readonly onLost: (member: Member, detail: string) => void;
};

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;
/** After a session that exceeded a limit: the next one probably does as well. */
const LIMIT_RETRY_MS = 10_000;

/** Keeps a session to every other replica that is a member. */
export class Peers {
  readonly #options: PeersOptions;
  /** By epoch: a process that has been started again is another peer. */
  readonly #peers = new Map<string, Peer>();
  /** Those that are no longer members, until their sessions have ended. */
  readonly #leaving = new Map<Peer, Promise<void>>();
  readonly #stopWatching: () => void;
  #state: 'running' | 'stopped' = 'running';

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#stopWatching = options.membership.onChange(() => this.#apply());
    this.#apply();
  }

  /** The peer processes, and whether there is a session to each. */
  get states(): ReadonlyMap<string, 'connected' | 'connecting'> {
    return new Map([...this.#peers].map(([epoch, { state }]) => [epoch, state]));
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#stopWatching();
    const peers = [...this.#peers.values(), ...this.#leaving.keys()];
    const leaving = [...this.#leaving.values()];
    this.#peers.clear();
    await Promise.all(peers.map((peer) => peer.stop()));
    await Promise.all(leaving);
  }

  #apply(): void {
    if (this.#state === 'stopped') return;
    const { membership } = this.#options;
    const others = membership.members.filter(({ id }) => id !== membership.self.id);
    for (const member of others) {
      if (!member.isExpired && !this.#peers.has(member.epoch)) {
        this.#peers.set(member.epoch, new Peer(member, this.#options, () => this.#apply()));
      }
    }
    const present = new Map(others.map((member) => [member.epoch, member]));
    for (const [epoch, peer] of this.#peers) {
      const member = present.get(epoch);
      // A peer that cannot renew its lease because the database is away works as before while its session lasts.
      if (member !== undefined && (!member.isExpired || peer.state === 'connected')) continue;
      this.#peers.delete(epoch);
      this.#leaving.set(
        peer,
        peer.leave().finally(() => this.#leaving.delete(peer)),
      );
    }
  }
}

/** The sessions to one peer process, one after the other. */
class Peer {
  readonly #member: Member;
  readonly #options: PeersOptions;
  readonly #follower: PeerFollower;
  readonly #onSessionLost: () => void;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #session: PeerSession | undefined;

  constructor(member: Member, options: PeersOptions, onSessionLost: () => void) {
    this.#member = member;
    this.#options = options;
    this.#onSessionLost = onSessionLost;
    this.#follower = options.follow(member);
    this.#running = this.#run();
  }

  get state(): 'connected' | 'connecting' {
    return this.#session === undefined ? 'connecting' : 'connected';
  }

  /** Resolves when the session is closed and what the peer had described has ended. */
  async leave(): Promise<void> {
    await this.#close('The replica is no longer a member.');
    await this.#follower.left();
  }

  /** The same at once, also after `leave`. */
  async stop(): Promise<void> {
    await this.#close('This gateway stops.');
    this.#follower.stop();
  }

  async #close(reason: string): Promise<void> {
    this.#stopping.abort();
    this.#session?.end(new TunnelError('SESSION_LOST', reason));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, onLost } = this.#options;
    const { signal } = this.#stopping;
    let delay = MIN_RETRY_MS;
    let isKnownLost = false;
    while (!signal.aborted) {
      try {
        const { code } = await this.#keepOpen(signal);
        isKnownLost = false;
        delay = code === 'LIMIT_EXCEEDED' ? LIMIT_RETRY_MS : MIN_RETRY_MS;
      } catch (error) {
        // One line for each outage, not for each attempt.
        if (!isKnownLost && !signal.aborted) onLost(this.#member, errorText(error));
        isKnownLost = true;
        delay = Math.min(MAX_RETRY_MS, 2 * delay);
      }
      await pause(clock, delay * (0.5 + clock.random() / 2), signal);
    }
  }

  /** Resolves when a session was open and has ended, to why it has. Rejects when none could be opened. */
  async #keepOpen(signal: AbortSignal): Promise<TunnelError> {
    const { certificate, windows, ping, onConnected, onLost } = this.#options;
    const { promise: ended, resolve } = Promise.withResolvers<TunnelError>();
    const session = await PeerSession.open(
      this.#member,
      {
        certificate,
        windows,
        ping,
        onMessage: (message) => this.#follower.received(message),
        onLost: (error, loss) => {
          this.#session = undefined;
          this.#follower.lost(loss);
          if (!signal.aborted) onLost(this.#member, error.message);
          resolve(error);
          this.#onSessionLost();
        },
      },
      signal,
    );
    this.#session = session;
    this.#follower.opened(session);
    onConnected(this.#member);
    if (signal.aborted) session.end(new TunnelError('SESSION_LOST'));
    return await ended;
  }
}
