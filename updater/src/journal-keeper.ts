import { existsSync, renameSync } from 'node:fs';
import type { Clock } from '@penstock/runtime';
import type { UpgradeCode } from '@penstock/wire';
import { UpgradeError } from './fetched-file.ts';
import { isDiskFull } from './is-disk-full.ts';
import { emptyJournal, type Journal, journalFile, type Phase, readJournal, writeJournal } from './journal.ts';

/**
 * The journal of a running updater, in memory and on the disk. The disk may be behind: a full one must neither keep a broken
 * version running nor stop the watch over a new one. A successor that finds the older journal does again what was done since:
 * it may watch a version, or restart a service, once more. What must not be done twice is written first, with `enterFirst`.
 */
export class JournalKeeper {
  readonly #directory: string;
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #log: (message: string) => void;
  #journal: Journal;
  /** Why the disk is behind. */
  #failure: unknown;
  /** The request in progress. It counts as handled once its outcome is in the journal: until then, it is done again. */
  #handling: Readonly<Record<string, string>> = {};

  constructor(directory: string, clock: Pick<Clock, 'wall'>, log: (message: string) => void) {
    this.#directory = directory;
    this.#clock = clock;
    this.#log = log;
    this.#journal = readJournal(directory) ?? emptyJournal;
    if (this.#journal === emptyJournal) setAside(directory, log);
  }

  get journal(): Journal {
    return this.#journal;
  }

  /** Changes the phase. */
  enter(phase: Phase): void {
    this.change(this.#entering(phase));
  }

  /** Changes the phase, which is on the disk when this returns. Throws UpgradeError, and changes nothing, if it cannot be. */
  enterFirst(phase: Phase): void {
    this.#write({ ...this.#journal, ...this.#entering(phase) });
  }

  /** Changes other fields. */
  change(changes: Partial<Journal>): void {
    const journal = { ...this.#journal, ...changes };
    try {
      this.#write(journal);
    } catch (error) {
      if (this.#failure === undefined) this.#log(error instanceof Error ? error.message : String(error));
      this.#failure = error;
      this.#journal = journal;
    }
  }

  /** Writes what the disk has not taken yet. Throws UpgradeError if it still does not. */
  catchUp(): void {
    if (this.#failure !== undefined) this.#write(this.#journal);
  }

  #write(journal: Journal): void {
    try {
      writeJournal(this.#directory, journal);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const detail = `${journalFile(this.#directory)} cannot be written: ${reason}`;
      throw new UpgradeError(codeOf(cause), detail, { cause });
    }
    this.#journal = journal;
    this.#failure = undefined;
  }

  #entering(phase: Phase): Partial<Journal> {
    const changes = { phase, since: this.#clock.wall() };
    const isHandled = phase.name !== 'staging' && phase.name !== 'staged';
    return isHandled ? { ...changes, ...this.#handled } : changes;
  }

  /** Handles a request, which counts as handled afterwards, whatever came of it. */
  async handling(source: string, id: string, action: () => Promise<void>): Promise<void> {
    this.#handling = { [source]: id };
    await action();
    this.change(this.#handled);
    this.#handling = {};
  }

  /** Marks a request as handled. */
  mark(source: string, id: string): void {
    this.change({ requests: { ...this.#journal.requests, [source]: id } });
  }

  get #handled(): Pick<Journal, 'requests'> {
    return { requests: { ...this.#journal.requests, ...this.#handling } };
  }
}

/** What the host is to blame for says nothing against the version that was to be installed. */
function codeOf(error: unknown): UpgradeCode {
  if (isDiskFull(error)) return 'DISK_FULL';
  return error instanceof Error && 'code' in error ? 'STATE_UNWRITABLE' : 'INTERNAL';
}

/** A journal that cannot be read is kept for whoever looks for the cause. What a build knows of releases still protects the host. */
function setAside(directory: string, log: (message: string) => void): void {
  const file = journalFile(directory);
  if (!existsSync(file)) return;
  renameSync(file, `${file}.unreadable`);
  log(`${file} could not be read, and is ${file}.unreadable now. The updater begins anew.`);
}
