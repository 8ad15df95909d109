import type { Connector } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import type { Address } from '../lookup.ts';
import type { Targets } from '../targets.ts';
import { CheckFailure } from './check-failure.ts';
import type { Encryption } from './protocols.ts';
import { type ReachOptions, type ReachResult, reachTarget } from './reach-target.ts';

export type ConnectorCheckOptions = {
  readonly targets: Pick<Targets, 'resolve' | 'isDenied'>;
  /** Milliseconds in total. */
  readonly timeout: number;
  /** What succeeded the last time, tried first. */
  readonly lastEncryption?: Encryption | undefined;
  readonly signal: AbortSignal;
  readonly onStage?: ReachOptions['onStage'];
  readonly clock?: Clock;
};

/** Checks how far the path to a connector's target leads. The connector in agent.yaml is itself the permission to dial it. */
export function checkConnector(
  { kind, tls, address: { host, port } }: Connector,
  { targets, ...options }: ConnectorCheckOptions,
): Promise<ReachResult> {
  return reachTarget({
    ...options,
    host,
    port,
    kind,
    tls,
    allowHost: () => {},
    allowAddresses: (addresses) => allowedAddresses(targets, host, addresses),
    resolve: (name, signal) => targets.resolve(name, signal),
  });
}

/** The addresses that policy.deny permits. Throws CheckFailure `denied` when there are none. */
export function allowedAddresses(
  targets: Pick<Targets, 'isDenied'>,
  host: string,
  addresses: readonly Address[],
): readonly Address[] {
  const allowed = addresses.filter(({ address }) => !targets.isDenied(address));
  if (allowed.length > 0) return allowed;
  throw new CheckFailure(
    'denied',
    `${host} resolves to ${addresses[0]?.address}, which policy.deny forbids.`,
  );
}
