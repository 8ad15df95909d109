import { existsSync, renameSync } from 'node:fs';
import type { Clock } from '@penstock/runtime';
import { emptyJournal, type Journal, journalFile, type Phase, readJournal, writeJournal } from './journal.ts';

/** The journal of a running updater, in memory and on the disk. */
export class JournalKeeper {
  readonly #directory: string;
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #log: (message: string) => void;
  #journal: Journal;
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

  /** Changes the phase. It is on the disk when this returns. */
  enter(phase: Phase): void {
    const changes = { phase, since: this.#clock.wall() };
    if (phase.name === 'staging' || phase.name === 'staged') this.change(changes);
    else this.change({ ...changes, ...this.#handled });
  }

  /** Changes other fields. They are on the disk when this returns. */
  change(changes: Partial<Journal>): void {
    const journal = { ...this.#journal, ...changes };
    writeJournal(this.#directory, journal);
    this.#journal = journal;
  }

  /** Does the same as far as the disk permits: a full one must not keep a broken version running. */
  changeIfPossible(changes: Partial<Journal>): void {
    try {
      this.change(changes);
    } catch (error) {
      this.#log(`The journal cannot be written: ${error instanceof Error ? error.message : error}`);
      this.#journal = { ...this.#journal, ...changes };
    }
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

/** A journal that cannot be read is kept for whoever looks for the cause. What a build knows of releases still protects the host. */
function setAside(directory: string, log: (message: string) => void): void {
  const file = journalFile(directory);
  if (!existsSync(file)) return;
  renameSync(file, `${file}.unreadable`);
  log(`${file} could not be read, and is ${file}.unreadable now. The updater begins anew.`);
}
