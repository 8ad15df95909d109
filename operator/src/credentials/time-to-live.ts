import { InvalidArgumentError } from 'commander';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Parses the value of `--ttl`, such as `1h`, into seconds. */
export function timeToLive(text: string): number {
  const [, digits, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  const factor = SECONDS[unit ?? ''];
  if (digits === undefined || factor === undefined || Number(digits) === 0) {
    throw new InvalidArgumentError('Must be an integer with a unit, such as 30m, 1h or 7d.');
  }
  return Number(digits) * factor;
}
