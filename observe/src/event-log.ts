import type { Level, Logger } from 'pino';

/** The closed list of what a program logs: a level and a sentence for each event. docs/events.md has a row for each. */
export type EventCatalogue = Readonly<Record<string, readonly [level: Level, sentence: string]>>;

/** Logs one event of the catalogue. Fields must hold no secret other than as a Secret. */
export type EventLog<Catalogue extends EventCatalogue> = (
  event: keyof Catalogue & string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

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
