import type { PeerDirectoryOptions } from '../../src/relay/peer-directory.ts';

const none = () => {};

/** Options of a directory of `r2` that tells nobody anything. A test replaces what it looks at. */
export const quietDirectory = {
  replica: 'r2',
  registry: {
    adopt: none,
    changed: none,
    untold: none,
    ended: none,
    heartbeat: none,
    result: none,
    maySwitch: none,
    upgradeStatus: none,
  },
  isSuspended: () => false,
  onRevision: none,
  onEvents: none,
  onEventsLost: none,
  onLogEntries: none,
  onAgentOpens: none,
  onFailed: none,
} satisfies Omit<PeerDirectoryOptions, 'clock'>;
