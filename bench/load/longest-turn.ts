const MICROSECONDS = 1000;

/**
 * The longest turn of this process's event loop. A callback in every turn reads two clocks; the shorter of the two times
 * counts. The processor time of the thread leaves out what other processes took from it, and the monotonic clock what
 * threads of this process did in the same turn.
 */
export class LongestTurn {
  #longest = 0;
  #at = 0;
  #used = 0;
  #next: NodeJS.Immediate | undefined;

  start(): void {
    this.#read();
    this.#longest = 0;
    this.#next = setImmediate(() => this.#look());
  }

  /** Milliseconds of the longest turn since this was called before. */
  take(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  stop(): void {
    clearImmediate(this.#next);
  }

  #look(): void {
    this.#longest = Math.max(this.#longest, this.#read());
    this.#next = setImmediate(() => this.#look());
  }

  /** Milliseconds since this was called before. */
  #read(): number {
    const at = performance.now();
    const { user, system } = process.threadCpuUsage();
    const used = (user + system) / MICROSECONDS;
    const turn = Math.min(at - this.#at, used - this.#used);
    this.#at = at;
    this.#used = used;
    return turn;
  }
}
