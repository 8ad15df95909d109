import { isIP } from 'node:net';
import type { ConnectorKind } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import type { ProbePolicy } from '../policy/probe-rules.ts';
import { CheckFailure } from './checks/check-failure.ts';
import { type ClimbResult, climb } from './checks/climb.ts';
import { allowedBy } from './checks/connector-check.ts';
import type { Targets } from './targets.ts';

export type Probe = {
  readonly host: string;
  readonly port: number;
  readonly kind: ConnectorKind;
  /** Milliseconds for all of it. */
  readonly timeout: number;
};

export type ProbePorts = {
  readonly policy: ProbePolicy;
  readonly targets: Pick<Targets, 'resolve' | 'isDenied'>;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
};

/**
 * How far the way to a host and port leads, if policy.probe allows it: by the name as it was asked for, or by each
 * address that is dialed. policy.deny holds in either case. A name that no rule could allow is not even resolved.
 */
export function probe({ host: asked, port, kind, timeout }: Probe, ports: ProbePorts): Promise<ClimbResult> {
  const { policy, targets, signal, clock } = ports;
  const host = asked.replace(/^\[(.*)\]$/, '$1');
  const byName = policy.allowsName(host, port);
  const denied = () =>
    new CheckFailure('denied', `policy.probe of this agent does not allow ${host} port ${port}.`);
  return climb({
    host,
    port,
    kind,
    timeout,
    signal,
    ...(clock && { clock }),
    allowHost: () => {
      if (byName || policy.hasAddresses(port)) {
        if (isIP(host) === 0 || byName || policy.allowsAddress(host, port)) return;
      }
      throw denied();
    },
    allowAddresses: (addresses) => {
      const named = byName
        ? addresses
        : addresses.filter(({ address }) => policy.allowsAddress(address, port));
      if (named.length === 0) throw denied();
      return allowedBy(targets, host, named);
    },
    resolve: (name, until) => targets.resolve(name, until),
  });
}
