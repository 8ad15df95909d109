import { ProblemError } from '@penstock/wire';

/** A time of a query in milliseconds since 1970. Throws ProblemError REQUEST_INVALID. */
export function timeArgument(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isFinite(time)) return time;
  throw new ProblemError('REQUEST_INVALID', `${name} is not a time (RFC 3339).`);
}
