import { InvalidArgumentError } from 'commander';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const DAY_MS = 86_400_000;

/**
 * Parses a time option and returns it in RFC 3339: a duration before now (`90m`), a time of day (`02:13`, the most recent
 * one), or a date with or without a time. Times without a zone are local.
 */
export function timeArgument(text: string, _previous?: unknown, now: number = Date.now()): string {
  const time = agoOf(text, now) ?? timeOfDay(text, now) ?? dateOf(text);
  if (time !== undefined && Number.isFinite(time)) return new Date(time).toISOString();
  throw new InvalidArgumentError(
    'Must be a duration before now (90m), a time of day (02:13), or a date and time (2026-11-26T02:13:00Z).',
  );
}

function agoOf(text: string, now: number): number | undefined {
  const [, number, unit] = /^([0-9]{1,6})(s|m|h|d)$/.exec(text) ?? [];
  return unit === undefined ? undefined : now - Number(number) * (UNITS.get(unit) ?? 0);
}

function timeOfDay(text: string, now: number): number | undefined {
  const [match, hours, minutes, seconds = '0'] =
    /^([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?$/.exec(text) ?? [];
  if (match === undefined) return undefined;
  const today = new Date(now).setHours(Number(hours), Number(minutes), Number(seconds), 0);
  return today <= now
    ? today
    : new Date(now - DAY_MS).setHours(Number(hours), Number(minutes), Number(seconds), 0);
}

function dateOf(text: string): number | undefined {
  const [match, date, time = '00:00', zone = ''] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text) ??
    [];
  return match === undefined ? undefined : Date.parse(`${date}T${time}${zone}`);
}
