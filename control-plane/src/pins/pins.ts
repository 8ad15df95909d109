import type { PinRow, Store } from '@penstock/store';
import type { Pin, PinningMode } from './drift.ts';

type Subject = { readonly id: string; readonly pool: string };

/** All pins, in memory: a new session is answered without waiting for the store. */
export class Pins {
  readonly #modeOf: (pool: string) => PinningMode | undefined;
  readonly #store: Pick<Store, 'pins'>;
  #pins: Map<string, PinRow>;
  /** Keys of pins changed here after the current refresh began. */
  readonly #changed = new Set<string>();

  private constructor(
    store: Pick<Store, 'pins'>,
    modeOf: (pool: string) => PinningMode | undefined,
    pins: Map<string, PinRow>,
  ) {
    this.#store = store;
    this.#modeOf = modeOf;
    this.#pins = pins;
  }

  /** `modeOf` returns the pinning mode of a pool in the configuration in force. Throws StoreError. */
  static async load(
    store: Pick<Store, 'pins'>,
    modeOf: (pool: string) => PinningMode | undefined,
  ): Promise<Pins> {
    return new Pins(store, modeOf, await readAll(store));
  }

  /**
   * Reads the store again: a pin may have been written although the request that set it failed. Returns whether any pin has
   * changed; the caller then has the fleet judged. Throws StoreError and changes nothing then.
   */
  async refresh(): Promise<boolean> {
    this.#changed.clear();
    const read = await readAll(this.#store);
    for (const key of this.#changed) {
      const row = this.#pins.get(key);
      if (row === undefined) read.delete(key);
      else read.set(key, row);
    }
    const before = this.#pins;
    this.#pins = read;
    return before.size !== read.size || [...read].some(([key, row]) => !areSamePins(row, before.get(key)));
  }

  /** The version an agent is expected to run: its own pin takes precedence over the pin of its pool. */
  of({ id, pool }: Subject): Pin | undefined {
    const row = this.#pins.get(`agent ${id}`) ?? this.#pins.get(`pool ${pool}`);
    if (row === undefined) return undefined;
    const { version, digest, scope } = row;
    return { version, digest, scope, mode: this.#modeOf(pool) ?? 'off' };
  }

  get all(): readonly PinRow[] {
    return [...this.#pins.values()];
  }

  /** Records a pin that was written to the store. */
  put(row: PinRow): void {
    this.#pins.set(keyOf(row), row);
    this.#changed.add(keyOf(row));
  }

  /** Records that a pin was removed from the store. */
  remove(target: Pick<PinRow, 'scope' | 'subject'>): void {
    this.#pins.delete(keyOf(target));
    this.#changed.add(keyOf(target));
  }
}

async function readAll(store: Pick<Store, 'pins'>): Promise<Map<string, PinRow>> {
  return new Map((await store.pins.list()).map((row) => [keyOf(row), row]));
}

const areSamePins = (one: PinRow, other: PinRow | undefined): boolean =>
  one.version === other?.version && one.digest === other.digest;

const keyOf = ({ scope, subject }: Pick<PinRow, 'scope' | 'subject'>) => `${scope} ${subject}`;
