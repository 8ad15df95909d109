import type { UpdaterOptions } from './context.ts';
import { emptyJournal, readJournal } from './journal.ts';
import { runUpdater } from './run-updater.ts';
import { stableVersion } from './version-folders.ts';
import type { WindowsUpdaterHost } from './windows-host.ts';

export type ServeOptions = UpdaterOptions & {
  readonly host: WindowsUpdaterHost;
  /** Of this process. */
  readonly version: string;
};

/** Between two looks for requests, in milliseconds. Nothing tells a service of Windows that a file has changed and survives a restart. */
const POLL_MS = 2_000;
/** After which the host is looked at although nobody has asked, as by the timer of systemd. */
const IDLE_MS = 15 * 60_000;

/**
 * The updater as a service that stays: at boot it finishes what a power cut has interrupted, and starts the agents after that. Then
 * it waits for requests. Resolves when another version has proved itself, from which the next process is to run.
 */
export async function serveUpdater(options: ServeOptions): Promise<void> {
  const { host, log, version } = options;
  if (host.isNewBoot) {
    try {
      await runUpdater(options, { isBoot: true });
    } finally {
      attempt(() => host.startAtBoot(), log);
    }
  } else attempt(() => host.finishRestarts(), log);
  for (;;) {
    await runUpdater(options, { isBoot: false });
    const stable = stableVersion(host.layout);
    if (stable !== undefined && stable !== version) return;
    await untilRequested(options);
  }
}

async function untilRequested({ host, clock }: ServeOptions): Promise<void> {
  const end = clock.now() + IDLE_MS;
  while (clock.now() < end) {
    const { requests } = readJournal(host.layout.updater) ?? emptyJournal;
    if ([...host.requests()].some(({ source, request }) => requests[source] !== request.id)) return;
    host.follow();
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(POLL_MS, resolve);
    await promise;
  }
}

/** A service that cannot be started must not keep the others from being upgraded. Windows starts it two minutes after its boot. */
function attempt(action: () => void, log: (message: string) => void): void {
  try {
    action();
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
  }
}
