import { MAX_TOKEN_USES, MAX_TTL_SECONDS, NAME_GLOB_PATTERN } from '@penstock/api-schema';
import { isAddressRange } from '@penstock/config-schema';
import { NAME_PATTERN } from '@penstock/wire';
import { InvalidArgumentError } from 'commander';
import { timeToLive } from './time-to-live.ts';

// What `token create` is given, each checked here in plain words, since the API speaks of its own fields. All of
// them throw InvalidArgumentError.

export function poolName(text: string): string {
  if (new RegExp(NAME_PATTERN).test(text)) return text;
  throw new InvalidArgumentError(
    'Write the name of a pool: letters, digits, ".", "_" and "-", at most 63, a letter or digit first.',
  );
}

export function tokenUses(text: string): number {
  const uses = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (uses >= 1 && uses <= MAX_TOKEN_USES) return uses;
  throw new InvalidArgumentError(`Write a whole number from 1 to ${MAX_TOKEN_USES}.`);
}

/** In seconds. */
export function tokenTimeToLive(text: string): number {
  const seconds = timeToLive(text);
  if (seconds <= MAX_TTL_SECONDS) return seconds;
  throw new InvalidArgumentError(`A token lives for ${MAX_TTL_SECONDS / 86_400}d at most.`);
}

export function namePattern(text: string): string {
  if (new RegExp(NAME_GLOB_PATTERN).test(text)) return text;
  throw new InvalidArgumentError(
    'Write letters, digits, ".", "_" and "-", with "*" for any of them and "?" for one, at most 63 in all.',
  );
}

/** One of the values of --source, added to those before it. */
export function sourceRange(text: string, before: readonly string[] | undefined): string[] {
  if (isAddressRange(text)) return [...(before ?? []), text];
  throw new InvalidArgumentError(
    'Write a range by its first address and its prefix, such as 10.0.0.0/8; /32 (IPv6: /128) for one address.',
  );
}
