import { randomUUID } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { renameWithoutBlocking } from '@penstock/services';
import {
  type AgentHealth,
  HEALTH_FILE,
  type Journal,
  journalFile,
  parseJournal,
  REQUEST_FILE,
  readProblem,
  type UpdaterProblem,
  type UpgradeRequest,
} from '@penstock/updater';
import type { Upgrader } from './find-upgrader.ts';

type HostUpgrader = Extract<Upgrader, { kind: 'host' }>;

/** What this agent and the updater tell each other, as files. */
export class Spool {
  readonly #upgrader: HostUpgrader;
  #readAt = -1;
  #journal: Journal | undefined;

  constructor(upgrader: HostUpgrader) {
    this.#upgrader = upgrader;
  }

  get files(): string {
    return this.#upgrader.files;
  }

  /** The updater's journal as it is now; undefined if there is none, or none that this version can read. */
  async journal(): Promise<Journal | undefined> {
    const file = journalFile(this.#upgrader.journal);
    try {
      const { mtimeMs, ino } = await stat(file);
      const stamp = mtimeMs + ino;
      if (stamp !== this.#readAt) {
        this.#journal = parseJournal(await readFile(file, 'utf8'));
        this.#readAt = stamp;
      }
    } catch {
      this.#journal = undefined;
      this.#readAt = -1;
    }
    return this.#journal;
  }

  /** What keeps the updater from going on; undefined if nothing does. */
  problem(): UpdaterProblem | undefined {
    return readProblem(this.#upgrader.problem);
  }

  /** Asks the updater for something. A unit of systemd watches the file; on Windows, the updater looks for it. */
  async ask(request: Omit<UpgradeRequest, 'format' | 'id'>): Promise<void> {
    await this.#replace(REQUEST_FILE, { format: 1, id: randomUUID(), ...request });
  }

  async report(health: AgentHealth): Promise<void> {
    await this.#replace(HEALTH_FILE, health);
  }

  async #replace(name: string, content: unknown): Promise<void> {
    const file = join(this.#upgrader.runtime, name);
    const temporary = `${file}.tmp`;
    {
      await using handle = await open(temporary, 'w', 0o600);
      await handle.writeFile(JSON.stringify(content));
    }
    // Windows renames no open file, and none to the name of one that the updater reads at this moment.
    await renameWithoutBlocking(temporary, file);
  }
}
