import type { ObservedSession } from '../data-plane-port.ts';

/** One session of an agent, as it is now. Times are milliseconds since 1970. */
export type SessionView = {
  readonly agent: string;
  readonly agentId: string;
  readonly pool: string;
  /** The number the agent gives this one of its parallel sessions. */
  readonly slot: number;
  readonly state: 'ready' | 'draining';
  readonly address: string;
  readonly since: number;
  /** Milliseconds of the last PING; undefined until the first answer. */
  readonly roundTrip: number | undefined;
  readonly streams: { readonly open: number; readonly opening: number };
  /** The replica at which it ends; undefined: this gateway. */
  readonly replica?: string | undefined;
};

/** What a listing of sessions is limited to. */
export type SessionFilter = { readonly agent?: string | undefined; readonly pool?: string | undefined };

/** The ready and draining sessions of one agent, by slot. */
export function sessionViews(sessions: Iterable<ObservedSession>): SessionView[] {
  const views: SessionView[] = [];
  for (const { identity, address, openedAt, roundTrip, streams, state, hello, replica } of sessions) {
    if (hello === undefined || (state !== 'ready' && state !== 'draining')) continue;
    views.push({
      agent: identity.name,
      agentId: identity.agentId,
      pool: identity.pool,
      slot: hello.session.index,
      state,
      address,
      since: openedAt,
      roundTrip,
      streams,
      replica,
    });
  }
  return views.sort((one, other) => one.slot - other.slot || one.since - other.since);
}
