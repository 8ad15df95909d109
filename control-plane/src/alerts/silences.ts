import { type AlertRow, ascendingIds, type SilenceRow, type Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { Actor } from '../actor.ts';

export type NewSilence = {
  readonly condition?: string | undefined;
  readonly subject?: string | undefined;
  readonly pool?: string | undefined;
  readonly comment: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
};

/** Silences that have not ended: each alert is compared with all of them. */
const MAX_ACTIVE = 200;
/** Time for which silences are kept after their end. */
const RETENTION_MS = 90 * 24 * 3_600_000;

const nextId = ascendingIds();

/** The silences of alerts, in memory as far as they have not ended: no receiver is notified of an alert that one matches. */
export class Silences {
  readonly #store: Pick<Store, 'silences' | 'transaction'>;
  readonly #clock: () => number;
  #active: readonly SilenceRow[] = [];

  private constructor(store: Pick<Store, 'silences' | 'transaction'>, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Throws StoreError. */
  static async open(store: Pick<Store, 'silences' | 'transaction'>, clock: () => number): Promise<Silences> {
    const silences = new Silences(store, clock);
    await silences.refresh();
    return silences;
  }

  /** The silence that matches an alert now. */
  silenceOf(alert: Pick<AlertRow, 'condition' | 'subject' | 'pool'>): SilenceRow | undefined {
    const now = this.#clock();
    return this.#active.find((silence) => silence.endsAt > now && matches(silence, alert));
  }

  /** Silences were written to the store, here or by another gateway. Throws StoreError. */
  async refresh(): Promise<void> {
    this.#active = await this.#store.silences.activeAt(this.#clock(), MAX_ACTIVE);
  }

  /** Takes effect when its promise resolves. Throws ProblemError and StoreError. */
  async create(silence: NewSilence, { id: by, address }: Actor): Promise<SilenceRow> {
    const at = this.#clock();
    const { condition = null, subject = null, pool = null, comment, endsAt } = silence;
    const row: SilenceRow = {
      ...{ id: nextId(), condition, subject, pool, comment, endsAt },
      ...{ createdAt: at, createdBy: by, endedBy: null },
    };
    await this.#store.transaction(async (inside) => {
      if ((await inside.silences.activeAt(at, MAX_ACTIVE)).length >= MAX_ACTIVE) {
        throw new ProblemError(
          'TOO_MANY_REQUESTS',
          `There are ${MAX_ACTIVE} silences. End some of them: penstock-gateway silence list.`,
          { retryAfter: 60 },
        );
      }
      await inside.silences.prune(at - RETENTION_MS);
      await inside.silences.insert(row);
      await inside.audit.append({
        ...{ at, actor: by, address, action: 'silence.create', subject: `silence:${row.id}` },
        after: { condition, subject, pool, comment, endsAt: new Date(endsAt).toISOString() },
      });
    });
    await this.refresh();
    return row;
  }

  /** Resolves to undefined if there is no such silence, or it has ended. Throws StoreError. */
  async end(id: string, { id: by, address }: Actor): Promise<SilenceRow | undefined> {
    const at = this.#clock();
    const row = await this.#store.transaction(async (inside) => {
      if (!(await inside.silences.end(id, { at, by }))) return undefined;
      await inside.audit.append({ at, actor: by, address, action: 'silence.end', subject: `silence:${id}` });
      return inside.silences.byId(id);
    });
    await this.refresh();
    return row;
  }
}

/** Every given field must match. `*` at the end of a subject stands for anything. */
function matches(
  { condition, subject, pool }: SilenceRow,
  alert: Pick<AlertRow, 'condition' | 'subject' | 'pool'>,
): boolean {
  if (condition !== null && condition !== alert.condition) return false;
  if (pool !== null && pool !== alert.pool) return false;
  if (subject === null) return true;
  return subject.endsWith('*') ? alert.subject.startsWith(subject.slice(0, -1)) : alert.subject === subject;
}
