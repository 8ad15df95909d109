import { resolve } from 'node:path';
import type { Connection, GatewayConfig, Pool } from '../gateway-config.ts';
import { replicaDigestOf } from '../replica-digest.ts';
import type { GatewayFile } from '../schema/gateway-file.ts';
import { buildIngress } from './build-ingress.ts';
import { buildFreeze, buildRestart, buildUpgrade, buildWindow } from './build-rollouts.ts';
import { type BuildContext, fieldValue, secretOf } from './field-value.ts';

/** Builds the configuration from a checked file with its defaults filled in. */
export function buildGateway(file: GatewayFile, context: BuildContext): GatewayConfig {
  const { dataDirectory, tunnelTls, adminTls, ingressTls, store, limits, dial, ejection, tunnel, health } =
    file;
  const duration = (text: string): number => fieldValue('duration', text);
  return {
    version: context.version,
    digest: context.digest,
    replicaDigest: replicaDigestOf(context.content),
    organization: file.organization,
    listen: {
      tunnel: fieldValue('listen', file.listen.tunnel),
      admin: fieldValue('listen', file.listen.admin),
    },
    dataDirectory:
      context.directory === undefined ? dataDirectory : resolve(context.directory, dataDirectory),
    agentCa: file.agentCa && {
      certificate: file.agentCa.certificate,
      key: secretOf(context, '/agentCa/key', file.agentCa.key),
    },
    tunnelTls: tunnelTls && {
      certificate: tunnelTls.certificate,
      key: secretOf(context, '/tunnelTls/key', tunnelTls.key),
    },
    adminTls: adminTls && {
      certificate: adminTls.certificate,
      key: secretOf(context, '/adminTls/key', adminTls.key),
    },
    signIn: {
      oidc: file.signIn.oidc && {
        ...file.signIn.oidc,
        clientSecret: secretOf(context, '/signIn/oidc/clientSecret', file.signIn.oidc.clientSecret),
      },
    },
    console: {
      url: file.console.url === undefined ? undefined : fieldValue('consoleUrl', file.console.url),
    },
    store: store && {
      url: secretOf(context, '/store/url', store.url),
      directUrl:
        store.directUrl === undefined ? undefined : secretOf(context, '/store/directUrl', store.directUrl),
      poolSize: store.poolSize,
      timeout: duration(store.timeout),
    },
    cluster: file.cluster && buildCluster(file.cluster),
    pools: file.pools.map(buildPool),
    windows: file.windows.map(buildWindow),
    freezes: file.freezes.map(buildFreeze),
    connections: file.connections.map((connection) => buildConnection(connection, duration(file.resume.for))),
    ingressTls:
      ingressTls === undefined
        ? undefined
        : {
            certificate: ingressTls.certificate,
            key: secretOf(context, '/ingressTls/key', ingressTls.key),
            clientCa: ingressTls.clientCa,
          },
    limits: {
      ...limits,
      handshakeTimeout: duration(limits.handshakeTimeout),
      idleTimeout: duration(limits.idleTimeout),
    },
    identity: {
      certificateLifetime: duration(file.identity.certificateLifetime),
      renewalGrace: duration(file.identity.renewalGrace),
    },
    dial: {
      attemptTimeout: duration(dial.attemptTimeout),
      totalTimeout: duration(dial.totalTimeout),
      maxAttempts: dial.maxAttempts,
    },
    ejection: { ...ejection, baseDuration: duration(ejection.baseDuration) },
    tunnel: {
      pingInterval: duration(tunnel.pingInterval),
      pingTimeout: duration(tunnel.pingTimeout),
      handshakeTimeout: duration(tunnel.handshakeTimeout),
      halfClosedTimeout: duration(tunnel.halfClosedTimeout),
      sessionsPerAgent: tunnel.sessionsPerAgent,
      sessionsPerAddress: tunnel.sessionsPerAddress,
      acceptRate: tunnel.acceptRate,
      memoryBudget: fieldValue('size', tunnel.memoryBudget),
      proxyProtocol: tunnel.proxyProtocol,
    },
    resume: {
      for: duration(file.resume.for),
      reconnectTimeout: duration(file.resume.reconnectTimeout),
    },
    drain: {
      // Without other replicas, a client that still comes finds nobody.
      settle: duration(file.drain.settle ?? (file.cluster === undefined ? '0s' : '10s')),
      spread: duration(file.drain.spread),
      timeout: duration(file.drain.timeout),
    },
    health: {
      heartbeatInterval: duration(health.heartbeatInterval),
      staleAfter: duration(health.staleAfter),
      maxClockSkew: duration(health.maxClockSkew),
      certificateExpiryWarning: duration(health.certificateExpiryWarning),
      failingOpensPercent: health.failingOpensPercent,
      failingOpensMinimum: health.failingOpensMinimum,
      failingOpensWindow: duration(health.failingOpensWindow),
    },
    alerts: file.alerts.map((alert) => ({ ...alert, for: duration(alert.for) })),
    receivers: file.receivers.map(({ name, webhook, format, secret, groupWait }, index) => ({
      name,
      webhook: secretOf(context, `/receivers/${index}/webhook`, webhook),
      format,
      secret: secret === undefined ? undefined : secretOf(context, `/receivers/${index}/secret`, secret),
      groupWait: duration(groupWait),
    })),
    connectionLog: {
      ...file.connectionLog,
      retention: duration(file.connectionLog.retention),
      maxSize: fieldValue('size', file.connectionLog.maxSize),
    },
    log: file.log,
  };
}

function buildCluster({
  name,
  listen,
  advertise,
  rebalanceInterval,
}: NonNullable<GatewayFile['cluster']>): GatewayConfig['cluster'] {
  return {
    name,
    listen: fieldValue('listen', listen),
    advertise: advertise === undefined ? undefined : fieldValue('address', advertise),
    rebalanceInterval: fieldValue('duration', rebalanceInterval),
  };
}

function buildPool(pool: GatewayFile['pools'][number]): Pool {
  const { name, pinning, minReady, queue, requireApproval, upgrade, restart, forgetAfter } = pool;
  return {
    name,
    pinning,
    minReady,
    requireApproval,
    queue: { ...queue, timeout: fieldValue('duration', queue.timeout) },
    upgrade: buildUpgrade(upgrade),
    restart: restart && buildRestart(restart),
    forgetAfter: fieldValue('duration', forgetAfter),
  };
}

function buildConnection(connection: GatewayFile['connections'][number], resumeFor: number): Connection {
  const { name, connector, kind, pools, maxConnections, clientErrors, ingress } = connection;
  return {
    name,
    connector,
    kind,
    pools,
    maxConnections,
    clientErrors,
    resumeFor: connection.resume === undefined ? resumeFor : fieldValue('duration', connection.resume.for),
    ingress: ingress.map(buildIngress),
  };
}
