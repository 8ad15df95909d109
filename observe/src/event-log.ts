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

const NO_FIELDS: EventFields = {};

/** Writes the events of `catalogue` to `log`. */
export function eventLog<Catalogue extends EventCatalogue>(
  log: Logger,
  catalogue: Catalogue,
): EventLog<Catalogue> {
  // Each event has a logger with its name, made once: to copy the fields of every line behind the name costs more than the line.
  const loggers = new Map<string, Logger>();
  const addLogger = (event: string) => {
    // The level of `log` can change, and decides alone.
    const logger = log.child({ event }, { level: 'trace' });
    loggers.set(event, logger);
    return logger;
  };
  return (event, fields = NO_FIELDS) => {
    const entry = catalogue[event];
    if (entry === undefined) return;
    const [level, message] = entry;
    if (log.isLevelEnabled(level)) (loggers.get(event) ?? addLogger(event))[level](fields, message);
  };
}
