/** A value of each point, and which of several within one point is kept: the one that an operator looks for. */
export type Measure = { readonly name: string; readonly keeps: 'max' | 'min' | 'farthest' };

export type RingOptions = {
  readonly measures: readonly Measure[];
  readonly intervalMs: number;
  /** Points that are kept. */
  readonly capacity: number;
};

/** Points at equal intervals; `columns` has a value of each point, or null where nothing was measured. */
export type Points = {
  readonly intervalMs: number;
  /** Of the first point, in milliseconds since 1970. Undefined if there are none. */
  readonly from: number | undefined;
  readonly columns: Readonly<Record<string, (number | null)[]>>;
};

/** Points that get their memory together. */
const CHUNK_POINTS = 120;

/**
 * The last points of a few measures. Each value takes two bytes with three significant digits, because there are thousands of
 * agents with thousands of points. Memory is taken as points are written: thousands of agents may be new at the same time, and V8
 * stops everything to collect garbage when so much is allocated outside its heap at once.
 */
export class SampleRing {
  readonly #options: RingOptions;
  /** In each, point after point, each with its measures in order. NaN: not measured. */
  readonly #chunks: (Float16Array<ArrayBuffer> | undefined)[] = [];
  /** Numbers of the first and the last point that were written: milliseconds since 1970 divided by the interval. */
  #span: { first: number; last: number } | undefined;

  constructor(options: RingOptions) {
    this.#options = options;
  }

  /** Adds values in the order of the measures, measured `at` milliseconds since 1970. */
  add(at: number, values: readonly (number | undefined)[]): void {
    const { intervalMs, measures } = this.#options;
    const point = Math.floor(at / intervalMs);
    this.#moveTo(point);
    const { chunk: number, start } = this.#placeOf(point);
    const chunk = this.#chunks[number] ?? new Float16Array(CHUNK_POINTS * measures.length).fill(Number.NaN);
    this.#chunks[number] = chunk;
    for (const [index, { keeps }] of measures.entries()) {
      const value = values[index];
      if (value === undefined || !Number.isFinite(value)) continue;
      const before = chunk[start + index] ?? Number.NaN;
      chunk[start + index] = Number.isNaN(before) ? clamp(value) : worseOf(keeps, before, value);
    }
  }

  /** The points until `now`. */
  points(now: number): Points {
    const { intervalMs, measures, capacity } = this.#options;
    const last = Math.floor(now / intervalMs);
    const oldest = last - capacity + 1;
    const span = this.#span;
    const isEmpty = span === undefined || span.last < oldest || span.first > last;
    const first = isEmpty ? undefined : Math.max(oldest, span.first);
    const columns: Record<string, (number | null)[]> = {};
    for (const [index, { name }] of measures.entries()) {
      const column: (number | null)[] = [];
      for (let point = first ?? last + 1; point <= last; point += 1) {
        const isWritten = span !== undefined && point <= span.last;
        const value = isWritten ? this.#valueAt(point, index) : undefined;
        column.push(value === undefined || Number.isNaN(value) ? null : Number(value.toPrecision(4)));
      }
      columns[name] = column;
    }
    return { intervalMs, from: first === undefined ? undefined : first * intervalMs, columns };
  }

  /** Empties the points that were skipped. A clock that was set back by more than all points starts again. */
  #moveTo(point: number): void {
    const { capacity, measures } = this.#options;
    const span = this.#span;
    if (span === undefined || point <= span.last - capacity || point >= span.last + capacity) {
      this.#chunks.length = 0;
      this.#span = { first: point, last: point };
      return;
    }
    for (let next = span.last + 1; next <= point; next += 1) {
      const { chunk, start } = this.#placeOf(next);
      this.#chunks[chunk]?.fill(Number.NaN, start, start + measures.length);
    }
    span.first = Math.min(span.first, point);
    span.last = Math.max(span.last, point);
  }

  #valueAt(point: number, measure: number): number | undefined {
    const { chunk, start } = this.#placeOf(point);
    return this.#chunks[chunk]?.[start + measure];
  }

  /** The chunk that has a point, and where its values start there. */
  #placeOf(point: number): { readonly chunk: number; readonly start: number } {
    const slot = point % this.#options.capacity;
    const chunk = Math.floor(slot / CHUNK_POINTS);
    return { chunk, start: (slot - chunk * CHUNK_POINTS) * this.#options.measures.length };
  }
}

/** The greatest number of two bytes. */
const MAX_VALUE = 65_504;

const clamp = (value: number) => Math.min(MAX_VALUE, Math.max(-MAX_VALUE, value));

function worseOf(keeps: Measure['keeps'], before: number, value: number): number {
  if (keeps === 'max') return clamp(Math.max(before, value));
  if (keeps === 'min') return clamp(Math.min(before, value));
  return clamp(Math.abs(value) > Math.abs(before) ? value : before);
}
