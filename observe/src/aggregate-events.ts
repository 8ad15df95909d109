import type { EventCatalogue, EventFields, EventLog } from './event-log.ts';

/** Returns what the events of a kind are counted by, such as the address of a client. */
export type SourceOf = (fields: EventFields) => string;

export type AggregateOptions<Catalogue extends EventCatalogue> = {
  /** The events that strangers can cause. All others are logged as they are. */
  readonly sources: { readonly [Event in keyof Catalogue]?: SourceOf };
  /** Milliseconds between two lines of one event from one source. */
  readonly intervalMs: number;
  /** Sources that are counted separately. All others share one count for each event. */
  readonly maxSources: number;
  /** Calls `callback` once after a time. The returned function cancels it. */
  readonly after: (milliseconds: number, callback: () => void) => () => void;
};

export type AggregatedLog<Catalogue extends EventCatalogue> = {
  readonly log: EventLog<Catalogue>;
  /** Logs what has been counted, and stops the timer. */
  flush(): void;
};

type Repeats<Event> = { readonly event: Event; last: EventFields; count: number };

/**
 * Bounds what strangers can write to a log. The first event of a source is logged at once. Its repetitions are counted,
 * and one line an interval has the fields of the last one and their number as `repeats`: the lines of an event and their
 * `repeats` add up to the number of times it happened.
 */
export function aggregateEvents<Catalogue extends EventCatalogue>(
  log: EventLog<Catalogue>,
  { sources, intervalMs, maxSources, after }: AggregateOptions<Catalogue>,
): AggregatedLog<Catalogue> {
  type Event = keyof Catalogue & string;
  const known = new Map<string, Repeats<Event>>();
  const others = new Map<Event, Repeats<Event>>();
  let cancel: (() => void) | undefined;

  const report = <Key>(counts: Map<Key, Repeats<Event>>, isOther: boolean) => {
    for (const [key, each] of counts) {
      // A source that was silent for an interval is new when it returns.
      if (each.count === 0) counts.delete(key);
      else {
        log(each.event, { ...each.last, repeats: each.count, ...(isOther && { manySources: true }) });
        each.count = 0;
      }
    }
  };
  const tick = () => {
    cancel = undefined;
    report(known, false);
    report(others, true);
    if (known.size + others.size > 0) cancel = after(intervalMs, tick);
  };
  const first = <Key>(counts: Map<Key, Repeats<Event>>, key: Key, event: Event, fields: EventFields) => {
    counts.set(key, { event, last: fields, count: 0 });
    log(event, fields);
    cancel ??= after(intervalMs, tick);
  };
  const repeat = (counted: Repeats<Event>, fields: EventFields) => {
    counted.count += 1;
    counted.last = fields;
  };

  return {
    log: (event, fields = {}) => {
      const sourceOf: SourceOf | undefined = sources[event];
      if (sourceOf === undefined) {
        log(event, fields);
        return;
      }
      const key = `${event} ${sourceOf(fields)}`;
      const counted = known.get(key) ?? (known.size >= maxSources ? others.get(event) : undefined);
      if (counted !== undefined) repeat(counted, fields);
      else if (known.size < maxSources) first(known, key, event, fields);
      else first(others, event, event, fields);
    },
    flush() {
      cancel?.();
      cancel = undefined;
      report(known, false);
      report(others, true);
      known.clear();
      others.clear();
    },
  };
}
