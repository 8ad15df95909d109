import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readText, writeDurably } from '@penstock/services';

/** How this Windows knows the time. Milliseconds. */
export type WindowsClock = {
  /** Since the boot. */
  readonly uptime: () => number;
  /** Since 1970; may jump. */
  readonly wall: () => number;
};

const FILE = 'boot.json';
/** By which a clock may move while no updater looks. A reboot takes longer. */
const TOLERANCE_MS = 10_000;
/** The file is not written for less. */
const DRIFT_MS = 2_000;

type Boot = { readonly id: string; readonly bootedAt: number };

/**
 * Names the boot, for which Windows has no name of its own: it is the one in `directory` unless the host has booted at another
 * time. A clock that was set while no updater ran looks like a reboot, which costs an upgrade in progress one of its attempts.
 */
export class WindowsBoot {
  readonly id: string;
  readonly isNew: boolean;
  readonly #file: string;
  readonly #clock: WindowsClock;
  #bootedAt: number;

  constructor(directory: string, clock: WindowsClock) {
    this.#file = join(directory, FILE);
    this.#clock = clock;
    const known = readBoot(this.#file);
    const bootedAt = this.#now();
    this.isNew = known === undefined || Math.abs(known.bootedAt - bootedAt) > TOLERANCE_MS;
    this.id = this.isNew || known === undefined ? randomUUID() : known.id;
    this.#bootedAt = bootedAt;
    this.#write();
  }

  /** To be called now and then: the two clocks drift apart in weeks, and one of them may be set. */
  follow(): void {
    const bootedAt = this.#now();
    if (Math.abs(bootedAt - this.#bootedAt) < DRIFT_MS) return;
    this.#bootedAt = bootedAt;
    this.#write();
  }

  #now(): number {
    return Math.round(this.#clock.wall() - this.#clock.uptime());
  }

  #write(): void {
    try {
      writeDurably(this.#file, JSON.stringify({ id: this.id, bootedAt: this.#bootedAt }), 0o644);
    } catch {
      // A full disk: the next updater takes this boot for a new one.
    }
  }
}

function readBoot(file: string): Boot | undefined {
  try {
    const { id, bootedAt } = JSON.parse(readText(file) ?? '{}') as Partial<Boot>;
    return typeof id === 'string' && typeof bootedAt === 'number' ? { id, bootedAt } : undefined;
  } catch {
    return undefined;
  }
}
