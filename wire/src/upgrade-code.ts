/**
 * Why an agent was not upgraded, or went back to its previous version. docs/errors.md has a row for each. On the wire the
 * code is an open string: during a rollout one end is always newer than the other, and may know more codes.
 */
export const upgradeCodes = {
  NO_UPGRADER: 'Nothing on this host can switch the version of the agent.',
  DENIED_LOCALLY: "The agent's own policy does not allow upgrades.",
  PINNED: 'This host is pinned to another version.',
  KNOWN_BAD: 'This version has failed on this host before.',
  BUSY: 'Another upgrade of this host is in progress.',
  CANCELLED: 'The upgrade was withdrawn before the switch.',
  SOURCE_UNAVAILABLE: 'The release could not be fetched from its source.',
  NOT_INSTALLED: 'The version to go back to is no longer on this host.',
  UNTRUSTED: 'The release is not signed by a key that this agent trusts.',
  REVOKED: 'The release was revoked.',
  EXPIRED: 'The signed list of releases has expired.',
  OLD_SEQUENCE: 'The signed list of releases is older than one this host has seen.',
  WRONG_PLATFORM: 'The release has no executable for this operating system and architecture.',
  ARTIFACT_MISMATCH: 'The executable is not the one that the release describes.',
  DISK_FULL: 'The host has no space for another version.',
  STATE_UNWRITABLE: 'The updater cannot write its state.',
  SELF_CHECK_FAILED: 'The new executable does not run on this host.',
  CONFIG_REJECTED: 'The new version does not accept the configuration file.',
  WINDOW_CLOSED: 'The permission to switch expired before the switch.',
  EXITED: 'The new version exited.',
  HUNG: 'The new version did not become ready, or stopped responding.',
  NO_HEARTBEAT: 'The gateway acknowledged no heartbeat of the new version.',
  SESSIONS_MISSING: 'The new version has fewer sessions than it wants.',
  CHECKS_WORSE: 'Connectors fail that worked before the switch.',
  GATEWAY_UNREACHABLE: 'Neither the new version nor the previous one could reach the gateway.',
  SERVICE_STOPPED: 'The service was stopped during probation.',
  INTERRUPTED: 'The switch was interrupted too often.',
  POINTER_MOVED: 'Something else, such as a package, changed the current version.',
  REQUESTED: 'The previous version was requested.',
  INTERNAL: 'The updater failed.',
} as const;

export type UpgradeCode = keyof typeof upgradeCodes;

export function isUpgradeCode(value: unknown): value is UpgradeCode {
  return typeof value === 'string' && Object.hasOwn(upgradeCodes, value);
}

/** Codes that say nothing against the version itself: a rollout does not count them as its failures. */
const harmless: ReadonlySet<string> = new Set<UpgradeCode>([
  'NO_UPGRADER',
  'DENIED_LOCALLY',
  'PINNED',
  'BUSY',
  'CANCELLED',
  'DISK_FULL',
  'STATE_UNWRITABLE',
  'WINDOW_CLOSED',
  'GATEWAY_UNREACHABLE',
  'SERVICE_STOPPED',
  'POINTER_MOVED',
  'REQUESTED',
]);

/** Whether a code speaks against the version. A code that this release does not know does. */
export function isVersionFailure(code: string): boolean {
  return !harmless.has(code);
}
