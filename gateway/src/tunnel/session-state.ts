/** The end that announced the end of a session: `draining` or `goodbye` of the agent, `reconnect` of this gateway. */
export type Announcer = 'agent' | 'gateway';

/** The life of a session. */
export type SessionState =
  /** Waits for the hello of the agent until the timer fires. */
  | { readonly name: 'greeting'; readonly timer: NodeJS.Timeout }
  /** While its welcome is pending the control plane judges the agent, and the session accepts no opens. */
  | {
      readonly name: 'ready';
      readonly welcome: 'pending' | 'sent';
      readonly endAnnouncedBy: 'agent' | undefined;
    }
  /**
   * Accepts no new opens. When the agent drains, it ends the session itself; when this gateway drains, the timer does.
   */
  | {
      readonly name: 'draining';
      readonly endAnnouncedBy: Announcer;
      readonly timer: NodeJS.Timeout | undefined;
    }
  | { readonly name: 'ended' };

export const timerOf = (state: SessionState): NodeJS.Timeout | undefined =>
  'timer' in state ? state.timer : undefined;

/** The end that announced the end of the session; undefined when neither has. */
export const announcerOf = (state: SessionState): Announcer | undefined =>
  'endAnnouncedBy' in state ? state.endAnnouncedBy : undefined;
