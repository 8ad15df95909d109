import { resolve } from 'node:path';
import type { Connection, GatewayConfig, Pool } from '../gateway-config.ts';
import type { GatewayFile } from '../schema/gateway-file.ts';
import { buildIngress } from './build-ingress.ts';
import { type BuildContext, fieldValue, secretOf } from './field-value.ts';

/** The configuration that a checked file with its defaults stands for. */
export function buildGateway(file: GatewayFile, context: BuildContext): GatewayConfig {
  const { dataDirectory, tls, adminTls, ingressTls, store, limits, dial, ejection, tunnel, health } = file;
  const duration = (text: string): number => fieldValue('duration', text);
  return {
    version: context.version,
    digest: context.digest,
    organization: file.organization,
    listen: {
      tunnel: fieldValue('listen', file.listen.tunnel),
      admin: fieldValue('listen', file.listen.admin),
    },
    dataDirectory:
      context.directory === undefined ? dataDirectory : resolve(context.directory, dataDirectory),
    tls:
      tls === undefined
        ? undefined
        : { certificate: tls.certificate, key: secretOf(context, '/tls/key', tls.key) },
    adminTls: adminTls && {
      certificate: adminTls.certificate,
      key: secretOf(context, '/adminTls/key', adminTls.key),
    },
    store: fieldValue('store', store),
    pools: file.pools.map(buildPool),
    connections: file.connections.map(buildConnection),
    ingressTls:
      ingressTls === undefined
        ? undefined
        : {
            certificate: ingressTls.certificate,
            key: secretOf(context, '/ingressTls/key', ingressTls.key),
            clientAuthorities: ingressTls.clientAuthorities,
          },
    limits: {
      ...limits,
      negotiationTimeout: duration(limits.negotiationTimeout),
      idleTimeout: duration(limits.idleTimeout),
    },
    identity: { certificateLifetime: duration(file.identity.certificateLifetime) },
    dial: {
      attemptTimeout: duration(dial.attemptTimeout),
      totalTimeout: duration(dial.totalTimeout),
      attempts: dial.attempts,
    },
    ejection: { ...ejection, duration: duration(ejection.duration) },
    tunnel: {
      pingInterval: duration(tunnel.pingInterval),
      pingTimeout: duration(tunnel.pingTimeout),
      handshakeTimeout: duration(tunnel.handshakeTimeout),
      halfClosedTimeout: duration(tunnel.halfClosedTimeout),
      sessionsPerAgent: tunnel.sessionsPerAgent,
      sessionsPerAddress: tunnel.sessionsPerAddress,
      acceptRate: tunnel.acceptRate,
      memoryBudget: fieldValue('size', tunnel.memoryBudget),
    },
    drain: { timeout: duration(file.drain.timeout) },
    health: {
      heartbeatInterval: duration(health.heartbeatInterval),
      staleAfter: duration(health.staleAfter),
      skew: duration(health.skew),
      certificateExpiry: duration(health.certificateExpiry),
    },
    alerts: file.alerts.map((alert) => ({ ...alert, for: duration(alert.for) })),
    notify: file.notify.map(({ name, webhook, format, secret, gather }, index) => ({
      name,
      webhook: secretOf(context, `/notify/${index}/webhook`, webhook),
      format,
      secret: secret === undefined ? undefined : secretOf(context, `/notify/${index}/secret`, secret),
      gather: duration(gather),
    })),
    log: file.log,
  };
}

function buildPool({ name, pinning, minReady, queue, approval }: GatewayFile['pools'][number]): Pool {
  return {
    name,
    pinning,
    minReady,
    approval,
    queue: { ...queue, timeout: fieldValue('duration', queue.timeout) },
  };
}

function buildConnection(connection: GatewayFile['connections'][number]): Connection {
  const { name, connector, kind, pools, maxConnections, ingress } = connection;
  return {
    name,
    connector,
    kind,
    pools,
    maxConnections,
    ingress: ingress.map(buildIngress),
  };
}
