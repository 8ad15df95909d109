import type { Connector } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import type { Address } from '../lookup.ts';
import type { Targets } from '../targets.ts';
import { CheckFailure } from './check-failure.ts';
import { type ClimbResult, climb } from './climb.ts';

export type ConnectorCheckOptions = {
  readonly targets: Pick<Targets, 'resolve' | 'isDenied'>;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly way?: 'clear' | 'tls' | undefined;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
};

/** How far the way to a connector leads. The connector itself is the owners' word that it may be reached. */
export function checkConnector(
  { kind, tls, address: { host, port } }: Connector,
  { targets, ...options }: ConnectorCheckOptions,
): Promise<ClimbResult> {
  return climb({
    ...options,
    host,
    port,
    kind,
    tls,
    allowHost: () => {},
    allowAddresses: (addresses) => allowedBy(targets, host, addresses),
    resolve: (name, signal) => targets.resolve(name, signal),
  });
}

/** The addresses that policy.deny leaves. Throws CheckFailure `denied` when it leaves none. */
export function allowedBy(
  targets: Pick<Targets, 'isDenied'>,
  host: string,
  addresses: readonly Address[],
): readonly Address[] {
  const allowed = addresses.filter(({ address }) => !targets.isDenied(address));
  if (allowed.length > 0) return allowed;
  throw new CheckFailure('denied', `${host} is ${addresses[0]?.address}, which policy.deny forbids.`);
}
