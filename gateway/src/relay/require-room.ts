import { TunnelError } from '@penstock/wire';

/** Throws TunnelError LIMIT_EXCEEDED, which ends the session of a peer, unless `known` may get another entry. */
export function requireRoom(known: { readonly size: number }, limit: number, kind: string): void {
  if (known.size < limit) return;
  throw new TunnelError('LIMIT_EXCEEDED', `The peer has described more than ${limit} ${kind}.`);
}
