import { isAddressRange } from '@penstock/config-schema';
import { ProblemError } from '@penstock/wire';

/** Throws ProblemError REQUEST_INVALID unless every item of `sources` in a request body is a CIDR range. */
export function requireSourceRanges(sources: readonly string[] | undefined): void {
  const invalid = sources?.find((range) => !isAddressRange(range));
  if (invalid === undefined) return;
  throw new ProblemError(
    'REQUEST_INVALID',
    `body/sources: ${invalid} is not a CIDR range, or has host bits set. Write it like 10.0.0.0/8 or 10.1.2.3/32.`,
  );
}
