import { accepted, type FieldResult, refused } from './field-result.ts';

export type TimeOfDay = { readonly hour: number; readonly minute: number };

export const timeOfDayPattern = '^([01][0-9]|2[0-3]):[0-5][0-9]$';

/** Parses `02:00`. */
export function parseTimeOfDay(text: string): FieldResult<TimeOfDay> {
  if (!new RegExp(timeOfDayPattern).test(text)) {
    return refused(
      'INVALID_TIME',
      'must be a time of day',
      'Write hours and minutes, in quotes: "02:00" or "23:30".',
    );
  }
  return accepted({ hour: Number(text.slice(0, 2)), minute: Number(text.slice(3)) });
}

export const formatTimeOfDay = ({ hour, minute }: TimeOfDay): string =>
  `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;

export const datePattern = '^[0-9]{4}-[0-9]{2}-[0-9]{2}$';

/** Parses `2026-12-28`. The value is the text. */
export function parseDate(text: string): FieldResult<string> {
  if (new RegExp(datePattern).test(text) && isDate(text)) return accepted(text);
  return refused(
    'INVALID_DATE',
    'must be a date',
    'Write a date that exists, as year-month-day: 2026-12-28.',
  );
}

function isDate(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() === text;
  } catch {
    return false;
  }
}

/** Names such as `UTC` and `Europe/Berlin`; offsets are left to the parser. */
export const timeZonePattern = '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$';

/** Parses the IANA name of a time zone. */
export function parseTimeZone(text: string): FieldResult<string> {
  if (new RegExp(timeZonePattern).test(text) && isTimeZone(text)) return accepted(text);
  return refused(
    'INVALID_TIME_ZONE',
    'must be a time zone',
    'Write an IANA name, such as Europe/Berlin, America/New_York, or UTC.',
  );
}

function isTimeZone(text: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return true;
  } catch {
    return false;
  }
}
