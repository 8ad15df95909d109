import type { Level, Logger } from 'pino';

/** The closed list of what a program logs: level and sentence of each event. docs/events.md has a row for each. */
export type EventCatalogue = Readonly<Record<string, readonly [level: Level, message: string]>>;

/** Keys that every log line has. A field of the same name would give the line a duplicate key. */
export const lineKeys = ['time', 'level', 'name', 'event', 'msg'] as const;

/** Fields of one event. They must not contain secrets, except as `Secret`. */
export type EventFields = Readonly<Record<string, unknown>> & {
  readonly [Key in (typeof lineKeys)[number]]?: never;
};

/** Logs one event of the catalogue. */
export type EventLog<Catalogue extends EventCatalogue> = (
  event: keyof Catalogue & string,
  fields?: EventFields,
) => void;

/** Writes the events of `catalogue` to `log`. */
export function eventLog<Catalogue extends EventCatalogue>(
  log: Pick<Logger, Level>,
  catalogue: Catalogue,
): EventLog<Catalogue> {
  return (event, fields) => {
    const entry = catalogue[event];
    if (entry === undefined) return;
    log[entry[0]]({ event, ...fields }, entry[1]);
  };
}
