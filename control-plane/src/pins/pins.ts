import type { PinRow, Store } from '@penstock/store';
import type { Pin, PinningMode } from './drift.ts';

type Subject = { readonly id: string; readonly pool: string };

/** All pins, in memory, so that a session that introduces itself is answered without waiting for the store. */
export class Pins {
  readonly #modeOf: (pool: string) => PinningMode | undefined;
  readonly #store: Pick<Store, 'pins'>;
  #pins: Map<string, PinRow>;
  /** What was changed here since the last reading of the store began. */
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

  /** `modeOf` tells what the configuration in force says of a pool. Throws StoreError. */
  static async load(
    store: Pick<Store, 'pins'>,
    modeOf: (pool: string) => PinningMode | undefined,
  ): Promise<Pins> {
    return new Pins(store, modeOf, await readAll(store));
  }

  /**
   * Reads the store again: a pin whose answer it owed may have been written all the same. What it brings is in force
   * when the fleet is judged next. Keeps what it has when that throws StoreError.
   */
  async refresh(): Promise<void> {
    this.#changed.clear();
    const read = await readAll(this.#store);
    for (const key of this.#changed) {
      const row = this.#pins.get(key);
      if (row === undefined) read.delete(key);
      else read.set(key, row);
    }
    this.#pins = read;
  }

  /** What an agent is expected to run on: its own pin goes before its pool's. */
  of({ id, pool }: Subject): Pin | undefined {
    const row = this.#pins.get(`agent ${id}`) ?? this.#pins.get(`pool ${pool}`);
    if (row === undefined) return undefined;
    const { version, digest, scope } = row;
    return { version, digest, scope, mode: this.#modeOf(pool) ?? 'off' };
  }

  get all(): readonly PinRow[] {
    return [...this.#pins.values()];
  }

  /** Notes a pin that was written to the store. */
  put(row: PinRow): void {
    this.#pins.set(keyOf(row), row);
    this.#changed.add(keyOf(row));
  }

  /** Notes that a pin was removed from the store. */
  remove(target: Pick<PinRow, 'scope' | 'subject'>): void {
    this.#pins.delete(keyOf(target));
    this.#changed.add(keyOf(target));
  }
}

async function readAll(store: Pick<Store, 'pins'>): Promise<Map<string, PinRow>> {
  return new Map((await store.pins.list()).map((row) => [keyOf(row), row]));
}

const keyOf = ({ scope, subject }: Pick<PinRow, 'scope' | 'subject'>) => `${scope} ${subject}`;
