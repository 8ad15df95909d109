import { suggest } from '@penstock/config-schema';

const MAX_NAMES = 10;

/** A connection that gateway.yaml does not have. The message suggests the one that was meant. */
export class UnknownConnectionError extends Error {
  override readonly name = 'UnknownConnectionError';

  constructor(written: string, known: readonly string[]) {
    super(`gateway.yaml has no connection ${written}.${hint(written, known)}`);
  }
}

function hint(written: string, known: readonly string[]): string {
  const meant = suggest(written, known);
  if (meant !== undefined) return ` Did you mean ${meant}?`;
  if (known.length === 0) return ' It has no connections.';
  return known.length > MAX_NAMES ? '' : ` Its connections are: ${known.join(', ')}.`;
}
