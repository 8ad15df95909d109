export { type CutPoint, cutPoints, type UpdaterOptions } from './context.ts';
export { readFetched, UpgradeError } from './fetched-file.ts';
export { AgentHealth, HEALTH_FILE, readHealth } from './health.ts';
export {
  defaultLimits,
  type ManagedService,
  type Observation,
  type TrialResult,
  type UpdaterHost,
  type UpdaterLimits,
} from './host.ts';
export {
  emptyJournal,
  type Journal,
  journalFile,
  type Phase,
  parseJournal,
  readJournal,
  type Upgrade,
} from './journal.ts';
export { Probation, type Verdict } from './probation.ts';
export { problemFile, readProblem, type UpdaterProblem } from './problem.ts';
export { type OwnedRequest, REQUEST_FILE, ROOT, readRequest, UpgradeRequest } from './request.ts';
export { runUpdater } from './run-updater.ts';
export { serveUpdater } from './serve-updater.ts';
export { type SystemdHostOptions, systemdHost } from './systemd-host.ts';
export { Updater } from './updater.ts';
export { currentVersion, installedVersions, stableVersion } from './version-folders.ts';
export { WindowsBoot } from './windows-boot.ts';
export { type WindowsUpdaterHost, windowsUpdaterHost } from './windows-host.ts';
