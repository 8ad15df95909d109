import { MAX_TOKEN_USES, MAX_TTL_SECONDS, NAME_GLOB_PATTERN } from '@penstock/api-schema';
import { isAddressRange } from '@penstock/config-schema/text';
import { NAME_PATTERN } from '@penstock/wire';
import { InvalidArgumentError } from 'commander';
import { timeToLive } from './time-to-live.ts';

// Parsers of options. Their messages name the option, while those of the API would name its fields. All of them throw
// InvalidArgumentError.

export function poolName(text: string): string {
  if (new RegExp(NAME_PATTERN).test(text)) return text;
  throw new InvalidArgumentError(
    'Must be the name of a pool: up to 63 letters, digits, ".", "_" and "-", starting with a letter or digit.',
  );
}

export function tokenUses(text: string): number {
  const uses = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (uses >= 1 && uses <= MAX_TOKEN_USES) return uses;
  throw new InvalidArgumentError(`Must be an integer from 1 to ${MAX_TOKEN_USES}.`);
}

/** Returns seconds. */
export function tokenTimeToLive(text: string): number {
  const seconds = timeToLive(text);
  if (seconds <= MAX_TTL_SECONDS) return seconds;
  throw new InvalidArgumentError(`Must be at most ${MAX_TTL_SECONDS / 86_400}d.`);
}

export function namePattern(text: string): string {
  if (new RegExp(NAME_GLOB_PATTERN).test(text)) return text;
  throw new InvalidArgumentError(
    'Must consist of up to 63 letters, digits, ".", "_", "-", "*" (any characters) and "?" (one character).',
  );
}

/** Appends a value of --source to the previous ones. */
export function sourceRange(text: string, before: readonly string[] | undefined): string[] {
  if (isAddressRange(text)) return [...(before ?? []), text];
  throw new InvalidArgumentError(
    'Must be a CIDR range without host bits, such as 10.0.0.0/8. Use /32 (IPv6: /128) for a single address.',
  );
}
