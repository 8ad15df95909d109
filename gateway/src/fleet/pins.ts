import type { Store } from '../store/open-store.ts';
import type { PinRow } from '../store/schema.ts';
import type { Pin, PinningMode } from './drift.ts';

type Subject = { readonly id: string; readonly pool: string };

/** All pins, in memory, so that a session that introduces itself is answered without waiting for the store. */
export class Pins {
  readonly #modeOf: (pool: string) => PinningMode | undefined;
  readonly #pins = new Map<string, PinRow>();

  private constructor(rows: readonly PinRow[], modeOf: (pool: string) => PinningMode | undefined) {
    this.#modeOf = modeOf;
    for (const row of rows) this.#pins.set(keyOf(row), row);
  }

  /** `modeOf` tells what the configuration in force says of a pool. Throws StoreError. */
  static async load(
    store: Pick<Store, 'pins'>,
    modeOf: (pool: string) => PinningMode | undefined,
  ): Promise<Pins> {
    return new Pins(await store.pins.list(), modeOf);
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
  }

  /** Notes that a pin was removed from the store. */
  remove(target: Pick<PinRow, 'scope' | 'subject'>): void {
    this.#pins.delete(keyOf(target));
  }
}

const keyOf = ({ scope, subject }: Pick<PinRow, 'scope' | 'subject'>) => `${scope} ${subject}`;
