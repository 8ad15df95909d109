import { resolve } from 'node:path';
import type { AgentConfig, Connector } from '../agent-config.ts';
import type { AgentFile } from '../schema/agent-file.ts';
import { type BuildContext, fieldValue, secretOf } from './field-value.ts';

/** Builds the configuration from a checked file with its defaults filled in. */
export function buildAgent(file: AgentFile, context: BuildContext): AgentConfig {
  const { gateway, identity, policy, tunnel } = file;
  const token = identity.enrollmentToken;
  return {
    version: context.version,
    digest: context.digest,
    content: context.content,
    name: file.name,
    pool: file.pool,
    gateway: {
      ...fieldValue('gatewayUrl', gateway.url),
      pins: gateway.pins,
      trust: gateway.trust,
      sessions: gateway.sessions,
      maxSessions: Math.max(gateway.sessions, gateway.maxSessions),
      proxy:
        gateway.proxy === 'env' || gateway.proxy === 'none'
          ? gateway.proxy
          : secretOf(context, '/gateway/proxy', gateway.proxy),
    },
    identity: {
      directory:
        context.directory === undefined ? identity.directory : resolve(context.directory, identity.directory),
      enrollmentToken:
        token === undefined ? undefined : secretOf(context, '/identity/enrollmentToken', token),
      enrollmentTokenMissing: context.missing.get('/identity/enrollmentToken'),
    },
    connectors: file.connectors.map((connector, index) =>
      buildConnector(connector, `/connectors/${index}`, context),
    ),
    policy: {
      deny: policy.deny,
      probe: { allow: policy.probe.allow.map((rule) => fieldValue('probeRule', rule)) },
      resume: fieldValue('duration', policy.resume),
      remote: policy.remote,
    },
    upgrade: { source: fieldValue('releaseSource', file.upgrade.source), keep: file.upgrade.keep },
    dns: { cacheTtl: fieldValue('duration', file.dns.cacheTtl), cacheSize: file.dns.cacheSize },
    health: {
      sampleInterval: fieldValue('duration', file.health.sampleInterval),
      sample: file.health.sample,
    },
    tunnel: {
      pingInterval: fieldValue('duration', tunnel.pingInterval),
      pingTimeout: fieldValue('duration', tunnel.pingTimeout),
      halfClosedTimeout: fieldValue('duration', tunnel.halfClosedTimeout),
      memoryBudget: fieldValue('size', tunnel.memoryBudget),
      reconnect: {
        base: fieldValue('duration', tunnel.reconnect.base),
        max: fieldValue('duration', tunnel.reconnect.max),
      },
    },
    drain: { timeout: fieldValue('duration', file.drain.timeout) },
    log: file.log,
    local: { listen: fieldValue('listen', file.local.listen) },
  };
}

function buildConnector(
  connector: AgentFile['connectors'][number],
  pointer: string,
  context: BuildContext,
): Connector {
  const { name, kind, maxConnections, check, tls, alternates, proxyProtocol } = connector;
  return {
    name,
    kind,
    address: fieldValue('address', connector.address),
    maxConnections,
    dialTimeout: fieldValue('duration', connector.dialTimeout),
    check: check === undefined ? undefined : { interval: fieldValue('duration', check.interval) },
    alternates: alternates.map((each) => fieldValue('address', each)),
    proxyProtocol,
    tls: tls && {
      mode: tls.mode,
      ca: tls.ca,
      serverName: tls.serverName && fieldValue('serverName', tls.serverName),
      certificate: tls.certificate,
      key: tls.key === undefined ? undefined : secretOf(context, `${pointer}/tls/key`, tls.key),
    },
  };
}
