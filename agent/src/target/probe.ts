import { isIP } from 'node:net';
import type { ConnectorKind } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import type { ProbePolicy } from '../policy/probe-rules.ts';
import { CheckFailure } from './checks/check-failure.ts';
import { allowedAddresses } from './checks/connector-check.ts';
import { type ReachOptions, type ReachResult, reachTarget } from './checks/reach-target.ts';
import type { Targets } from './targets.ts';

export type Probe = {
  readonly host: string;
  readonly port: number;
  readonly kind: ConnectorKind;
  /** Milliseconds in total. */
  readonly timeout: number;
};

export type ProbePorts = {
  readonly policy: ProbePolicy;
  readonly targets: Pick<Targets, 'resolve' | 'isDenied'>;
  readonly signal: AbortSignal;
  readonly onStage?: ReachOptions['onStage'];
  readonly clock?: Clock;
};

/**
 * Probes how far the path to a host and port leads, if policy.probe allows it: by the requested name, or by each dialed
 * address. policy.deny applies in both cases. A name that no rule could allow is not even resolved.
 */
export function probe(
  { host: requested, port, kind, timeout }: Probe,
  ports: ProbePorts,
): Promise<ReachResult> {
  const { policy, targets, signal, onStage, clock } = ports;
  const host = requested.replace(/^\[(.*)\]$/, '$1');
  const byName = policy.allowsName(host, port);
  const denied = () =>
    new CheckFailure('denied', `policy.probe in agent.yaml does not allow ${host} port ${port}.`);
  return reachTarget({
    host,
    port,
    kind,
    timeout,
    signal,
    onStage,
    ...(clock && { clock }),
    allowHost: () => {
      if (byName || policy.hasAddresses(port)) {
        if (isIP(host) === 0 || byName || policy.allowsAddress(host, port)) return;
      }
      throw denied();
    },
    allowAddresses: (addresses) => {
      const permitted = byName
        ? addresses
        : addresses.filter(({ address }) => policy.allowsAddress(address, port));
      if (permitted.length === 0) throw denied();
      return allowedAddresses(targets, host, permitted);
    },
    resolve: (name, abortSignal) => targets.resolve(name, abortSignal),
  });
}
