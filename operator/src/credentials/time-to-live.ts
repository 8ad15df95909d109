import { InvalidArgumentError } from 'commander';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `--ttl 1h` in seconds. */
export function timeToLive(text: string): number {
  const [, digits, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  const factor = SECONDS[unit ?? ''];
  if (digits === undefined || factor === undefined || Number(digits) === 0) {
    throw new InvalidArgumentError('Write a whole number and its unit: 30m, 1h or 7d.');
  }
  return Number(digits) * factor;
}
