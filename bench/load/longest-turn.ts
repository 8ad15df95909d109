const MICROSECONDS = 1000;

/**
 * Measures the longest turn of this process's event loop. A callback in every turn reads two clocks, and the shorter
 * time counts: the CPU time of the process excludes time taken by other processes, and the monotonic clock excludes
 * concurrent work of other threads of this process.
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

  /** Returns the longest turn since the previous call, in milliseconds. */
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

  /** Returns the milliseconds since the previous call. */
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
