/** Milliseconds since 1970 as an RFC 3339 timestamp; undefined stays undefined. */
export function timestamp(at: number): string;
export function timestamp(at: number | undefined): string | undefined;
export function timestamp(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
