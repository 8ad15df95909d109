import type { ObservedSession } from '../data-plane-port.ts';

/** One session of an agent, as it is now. Times are milliseconds since 1970. */
export type SessionView = {
  readonly agent: string;
  readonly agentId: string;
  readonly pool: string;
  /** Which of its parallel sessions the agent calls this one. */
  readonly slot: number;
  readonly state: 'ready' | 'draining';
  readonly address: string;
  readonly since: number;
  /** Milliseconds of the last PING; undefined until the first answer. */
  readonly roundTrip: number | undefined;
  readonly streams: { readonly open: number; readonly opening: number };
};

/** Every session that has introduced itself and not ended, by agent and slot. */
export function sessionViews(sessions: Iterable<ObservedSession>): SessionView[] {
  const views: SessionView[] = [];
  for (const { identity, address, openedAt, roundTrip, streams, state, hello } of sessions) {
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
    });
  }
  return views.sort(
    (one, other) => compare(one.agent, other.agent) || one.slot - other.slot || one.since - other.since,
  );
}

/** By code units, as the store sorts. */
const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other));
