import type { GatewayConfig } from '@penstock/config-schema';
import type { AgentOpens, ConnectionLog, OpenFleet } from '@penstock/control-plane';
import type { Clock } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';
import { Ingresses } from '../ingress/ingresses.ts';
import { IngressTls } from '../ingress/tls/ingress-tls.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import { type DialPorts, dial } from '../routing/dial.ts';
import type { DialRecord } from '../routing/dial-history.ts';
import { offerOf } from '../routing/offer-of.ts';
import { TargetKinds } from '../routing/target-kinds.ts';
import type { Certificates } from './certificates.ts';
import { connectionLogPort } from './connection-log.ts';
import type { DataPlane } from './data-plane.ts';

const PORT_CHECK_MS = 1_000;

export type ClientIngressOptions = {
  readonly config: () => GatewayConfig;
  readonly certificate: Certificates['clients'];
  readonly dataPlane: DataPlane;
  readonly fleet: Pick<OpenFleet, 'checkFails'>;
  readonly opens: Pick<AgentOpens, 'add'>;
  readonly connectionLog: ConnectionLog;
  readonly metrics: GatewayMetrics;
  readonly clock: Clock;
  readonly log: DataPlaneLog;
};

export type ClientIngresses = {
  readonly ingresses: Ingresses;
  readonly ingressTls: IngressTls;
};

/** Creates the ingresses. They listen once their `apply` is called. Throws the errors of node:tls. */
export function openClientIngresses(
  scope: AsyncDisposableStack,
  options: ClientIngressOptions,
): ClientIngresses {
  const { config, certificate, dataPlane, metrics, clock, log } = options;
  const { routes, registry, grants, denials, outcomes, resumer, elsewhere } = dataPlane;
  const ingressTls = new IngressTls(certificate);
  const ports = dialPorts(options);
  const kinds = new TargetKinds(routes, (pool) => registry.sessionsOf(pool));
  const ingresses = new Ingresses({
    tls: ingressTls,
    dial: async (connection, client, signal, wishes) => {
      const route = routes.route(connection);
      if (route === undefined)
        throw new TunnelError('CLIENT_DENIED', `There is no connection ${connection}.`);
      return dial(route, client, signal, ports, wishes);
    },
    resumer,
    resumeLimits: (connection) => ({
      for: routes.route(connection)?.resumeFor ?? 0,
      closed: config().resume.reconnectTimeout,
    }),
    halfClosedTimeout: () => config().tunnel.halfClosedTimeout,
    limits: () => config().limits,
    connectionLog: connectionLogPort(options.connectionLog, dataPlane),
    isEndLogged: (code) => {
      const { lines } = config().connectionLog;
      return lines === 'all' || (lines === 'failed' && code !== undefined);
    },
    elsewhere,
    grants,
    denials,
    kindOf: (connection) => kinds.of(connection),
    offerOf(connection, address) {
      const route = routes.route(connection);
      return route === undefined
        ? 'not-offered'
        : offerOf(route, address, (pool) => registry.sessionsOf(pool));
    },
    clock,
    log,
    metrics: {
      ...metrics,
      opened(connection, seconds, attempts) {
        metrics.opened(connection, seconds, attempts);
        outcomes.opened(connection);
      },
      failed(connection, code) {
        metrics.failed(connection, code);
        // Whether a client that left was let down depends on its wait, which only the dial knows.
        if (code !== 'CLIENT_GONE') outcomes.failed(connection, code, 0);
      },
    },
  });
  scope.defer(async () => {
    await ingresses.stopAccepting();
    ingresses.abortAll('DRAIN_TIMEOUT');
    await ingresses.clients.idle();
    resumer.stop();
  });
  return { ingresses, ingressTls };
}

function dialPorts({ config, dataPlane, fleet, opens, clock, log }: ClientIngressOptions): DialPorts {
  const { registry, queue, ejection, history, outcomes } = dataPlane;
  return {
    sessionsOf: (pool) => registry.sessionsOf(pool),
    queue,
    ejection,
    checkFails: (connector, agentId) => fleet.checkFails(agentId, connector),
    limits: () => config().dial,
    log,
    clock,
    onDialed: (record) => {
      for (const { agent, milliseconds, failure } of record.tries)
        opens.add(agent, milliseconds, failure?.code);
      if (isPortCheck(record)) return;
      history.add(record);
      if (record.failure?.code === 'CLIENT_GONE') {
        outcomes.failed(record.connection, record.failure.code, record.milliseconds);
      }
    },
  };
}

/** A client that checks the port and leaves must not displace the failures that a user asks about. */
const isPortCheck = ({ failure, tries, milliseconds }: DialRecord) =>
  failure?.code === 'CLIENT_GONE' && tries.length === 0 && milliseconds < PORT_CHECK_MS;
