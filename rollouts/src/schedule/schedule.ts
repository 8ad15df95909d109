/** A recurring time in which changes may start, in the time zone of the people whom it concerns. */
export type MaintenanceWindow = {
  readonly name: string;
  /** IANA name, as `Europe/Berlin`. */
  readonly timeZone: string;
  /** ISO 8601: Monday is 1. */
  readonly days: readonly number[];
  readonly start: { readonly hour: number; readonly minute: number };
  /** Milliseconds. */
  readonly length: number;
};

/** A period without changes, in whole days of its time zone. Both dates are included; as `2026-12-28`. */
export type Freeze = {
  readonly name: string;
  readonly timeZone: string;
  readonly from: string;
  readonly to: string;
};

export type Schedule = {
  /** Undefined: changes may start at any time. */
  readonly window: MaintenanceWindow | undefined;
  readonly freezes: readonly Freeze[];
};

/** Whether changes may start. Times are milliseconds since 1970. */
export type Opening =
  | { readonly isOpen: true; readonly until: number | undefined }
  | {
      readonly isOpen: false;
      /** Undefined if it does not open within the years that are searched. */
      readonly opensAt: number | undefined;
      readonly because: string;
    };

type Period = { readonly start: number; readonly end: number };

/** Freezes and windows alternate at most this often before the answer is that it does not open. */
const MAX_STEPS = 200;
/** Days ahead that are searched for the next start of a window: it recurs weekly. */
const DAYS_AHEAD = 8;
/** A window is at most a week long, so one that is open began at most this many days ago. */
const DAYS_BACK = 8;

/** Whether changes may start at `now`, until when, or why not and when they may. */
export function openingAt({ window, freezes }: Schedule, now: number): Opening {
  const periods = freezes.map((freeze) => ({ freeze, ...periodOf(freeze) }));
  const frozen = periods.find(({ start, end }) => start <= now && now < end);
  const current = window && occurrences(window, now).find(({ start, end }) => start <= now && now < end);
  if (frozen === undefined && (window === undefined || current !== undefined)) {
    const ends = [current?.end, ...periods.filter(({ start }) => start > now).map(({ start }) => start)];
    const until = ends.filter((end) => end !== undefined);
    return { isOpen: true, until: until.length === 0 ? undefined : Math.min(...until) };
  }
  const because =
    frozen === undefined
      ? `Window ${window?.name} is closed.`
      : `Freeze ${frozen.freeze.name} lasts through ${frozen.freeze.to}.`;
  return { isOpen: false, opensAt: nextOpening(window, periods, now), because };
}

function nextOpening(
  window: MaintenanceWindow | undefined,
  freezes: readonly Period[],
  now: number,
): number | undefined {
  let at = now;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const frozen = freezes.find(({ start, end }) => start <= at && at < end);
    if (frozen !== undefined) {
      at = frozen.end;
      continue;
    }
    if (window === undefined) return at;
    const next = occurrences(window, at).find(({ end }) => end > at);
    if (next === undefined) return undefined;
    if (next.start <= at) return at;
    at = next.start;
  }
  return undefined;
}

/** The occurrences of a window around a moment, the earliest first. */
function occurrences(window: MaintenanceWindow, around: number): readonly Period[] {
  const today = Temporal.Instant.fromEpochMilliseconds(around)
    .toZonedDateTimeISO(window.timeZone)
    .toPlainDate();
  const found: Period[] = [];
  for (let day = -DAYS_BACK; day <= DAYS_AHEAD; day += 1) {
    const date = today.add({ days: day });
    if (!window.days.includes(date.dayOfWeek)) continue;
    // In the gap of a change to daylight saving time, the start moves by the length of the gap.
    const start = date.toZonedDateTime({
      timeZone: window.timeZone,
      plainTime: Temporal.PlainTime.from(window.start),
    }).epochMilliseconds;
    found.push({ start, end: start + window.length });
  }
  return found;
}

function periodOf({ timeZone, from, to }: Freeze): Period {
  const startOf = (date: Temporal.PlainDate) => date.toZonedDateTime({ timeZone }).epochMilliseconds;
  return {
    start: startOf(Temporal.PlainDate.from(from)),
    end: startOf(Temporal.PlainDate.from(to).add({ days: 1 })),
  };
}
