import { groupOf } from './event-key.ts';

/** `at`: when it became known here, in milliseconds of a monotonic clock. */
export type Entry = { readonly key: string; readonly at: number };

/** Events of a peer that are remembered: as many as it replays itself. */
const MAX_ENTRIES = 1_024;

/** What another replica has published, by the keys of its events: what a listener from there has seen. */
export class PeerHistory {
  readonly #now: () => number;
  /** Those with the numbers `#first` and above. */
  readonly #entries: Entry[] = [];
  #first: number;
  #beganAt: number;
  /** When the peer was lost; undefined while it tells of its events. */
  #lostAt: number | undefined;

  constructor(first: number, now: () => number) {
    this.#first = first;
    this.#now = now;
    this.#beganAt = now();
  }

  get #last(): number {
    return this.#first + this.#entries.length - 1;
  }

  /** Adds events with the numbers from `first` on. Those that are known are left out; a gap discards what was before it. */
  add(first: number, keys: readonly string[]): void {
    this.#lostAt = undefined;
    const at = this.#now();
    if (first > this.#last + 1) {
      this.#entries.length = 0;
      this.#first = first;
      this.#beganAt = at;
    }
    for (const key of keys.slice(Math.max(0, this.#last + 1 - first))) this.#entries.push({ key, at });
    const surplus = this.#entries.length - MAX_ENTRIES;
    if (surplus <= 0) return;
    this.#beganAt = this.#entries[surplus - 1]?.at ?? at;
    this.#entries.splice(0, surplus);
    this.#first += surplus;
  }

  lost(): void {
    this.#lostAt ??= this.#now();
  }

  /** Until when the peer has told of everything: what this process published by then and it did not was known there before. */
  get heardUntil(): number {
    return this.#lostAt ?? this.#now();
  }

  /** When the event with this number became known. Undefined if it is not known what was published up to it. */
  knownAt(number: number): number | undefined {
    if (number < this.#first - 1 || number > this.#last) return undefined;
    return this.#entries[number - this.#first]?.at ?? this.#beganAt;
  }

  /**
   * The keys that the peer has published, and when the last event of each became known, if a listener at `number` has seen that;
   * otherwise `unseen`.
   */
  seenAt(number: number): ReadonlyMap<string, number | 'unseen'> {
    const seen = new Map<string, number | 'unseen'>();
    // A state that came back after `number` is another event, although it has the same key.
    for (const [index, { key, at }] of this.#entries.entries()) {
      seen.set(key, this.#first + index <= number ? at : 'unseen');
    }
    return seen;
  }

  /** What the peer published up to `number` since a time, of each group the last. */
  lastKeys(number: number, since: number): ReadonlyMap<string, Entry> {
    const last = new Map<string, Entry>();
    for (const entry of this.#entries.slice(0, Math.max(0, number - this.#first + 1))) {
      if (entry.at >= since) last.set(groupOf(entry.key), entry);
    }
    return last;
  }
}
