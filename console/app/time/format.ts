const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `12 s`, `4 min`, `3 h 20 min`, `5 d`: the largest unit, and the next one where it matters. */
export function duration(milliseconds: number): string {
  const value = Math.max(0, milliseconds);
  if (value < MINUTE) return `${Math.floor(value / SECOND)} s`;
  if (value < HOUR) return `${Math.floor(value / MINUTE)} min`;
  if (value < DAY) {
    const minutes = Math.floor((value % HOUR) / MINUTE);
    return `${Math.floor(value / HOUR)} h${minutes === 0 ? '' : ` ${minutes} min`}`;
  }
  const hours = Math.floor((value % DAY) / HOUR);
  const days = Math.floor(value / DAY);
  return days < 3 && hours > 0 ? `${days} d ${hours} h` : `${days} d`;
}

/** `5 s ago`, `in 23 h`; `now` within a second. */
export function age(at: number, now: number): string {
  const difference = now - at;
  if (Math.abs(difference) < SECOND) return 'now';
  return difference > 0 ? `${duration(difference)} ago` : `in ${duration(-difference)}`;
}

export type TimeZone = 'local' | 'utc';

/** `08:41:05`, with the date unless it is today: `Nov 25, 08:41:05`. */
export function timeOfDay(at: number, now: number, zone: TimeZone): string {
  const timeZone = zone === 'utc' ? 'UTC' : undefined;
  const day = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(at);
  const suffix = zone === 'utc' ? ' UTC' : '';
  if (day.format(at) === day.format(now)) return `${time}${suffix}`;
  const isThisYear = day.format(at).slice(0, 4) === day.format(now).slice(0, 4);
  const date = new Intl.DateTimeFormat('en-US', {
    timeZone,
    month: 'short',
    day: 'numeric',
    ...(isThisYear ? {} : { year: 'numeric' }),
  }).format(at);
  return `${date}, ${time}${suffix}`;
}

/** `2026-11-26 08:41:05 UTC`. */
export function fullTime(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

/** `0.4 ms`, `38 ms`, `1.2 s`. */
export function milliseconds(value: number): string {
  const size = Math.abs(value);
  if (size >= SECOND) return `${(value / SECOND).toFixed(size < 10 * SECOND ? 1 : 0)} s`;
  return `${size < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** `+3 ms`, `−1,204 ms`, `0 ms`: of a difference that may be in either direction. */
export const signedMilliseconds = (value: number): string => `${signed.format(value).replace('-', '−')} ms`;

/** `23 %` of a share from 0 to 1. */
export const percent = (share: number): string => `${Math.round(share * 100)} %`;

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `512 B`, `1.5 KiB`, `20 MiB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 || value >= 100 ? String(Math.round(value)) : value.toFixed(1);
  return `${text} ${units[unit]}`;
}

const whole = new Intl.NumberFormat('en-US');
const signed = new Intl.NumberFormat('en-US', { signDisplay: 'exceptZero', maximumFractionDigits: 0 });

/** `12,480`. */
export const count = (value: number): string => whole.format(value);

/** `1 agent`, `3 agents`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** The part of a digest that people compare: `sha256:1a2b3c4d`. */
export const shortDigest = (digest: string): string =>
  digest.replace(/^(sha256:)?([0-9a-f]{8})[0-9a-f]*$/, '$2');

/** A sentence in which digests have only the part that people compare. */
export const withShortDigests = (text: string): string =>
  text.replace(/sha256:([0-9a-f]{8})[0-9a-f]{56}/g, '$1…');
