import { Document, Scalar, visit } from 'yaml';
import type { AgentConfig } from './agent-config.ts';
import { formatDuration } from './field/duration.ts';
import { formatHostPort } from './field/host-port.ts';
import { formatProbeRule } from './field/probe-rule.ts';
import { formatReleaseSource } from './field/release-source.ts';
import { formatSize } from './field/size.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { invisibleCharacter } from './odd-character.ts';
import { escapeTemplate } from './reference/template.ts';
import { API_VERSION } from './schema/shared-fields.ts';
import { Secret } from './secret.ts';
import { shownIngress } from './show-ingress.ts';
import { shownRestart, shownUpgrade, shownWindow } from './show-rollouts.ts';
import { unquotedText } from './yaml/unquoted-text.ts';

/**
 * Returns the effective configuration, including defaults, as YAML. Loading it on the same host yields the same
 * configuration except for the digest, which depends on the file. Secrets are shown as their references.
 */
export function showConfig(config: AgentConfig | GatewayConfig): string {
  return yamlText(shownConfig(config));
}

/**
 * Returns a value as YAML that loads again: what cannot be seen, or looks like a mistake, is put in quotes, outside of which it
 * is refused.
 */
export function yamlText(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && isRefusedUnquoted(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
}

const isRefusedUnquoted = (text: string): boolean =>
  invisibleCharacter(text.replace(/[\t\n\r]/g, '')) !== undefined ||
  text.includes('{{') ||
  unquotedText(text, false).length > 0;

/** Returns what `showConfig` writes, as plain values. */
export function shownConfig(config: AgentConfig | GatewayConfig): unknown {
  return escaped('connectors' in config ? agentFile(config) : gatewayFile(config));
}

function agentFile(config: AgentConfig): object {
  const { gateway, identity, policy, tunnel } = config;
  return {
    apiVersion: API_VERSION,
    kind: 'Agent',
    version: config.version,
    name: config.name,
    pool: config.pool,
    gateway: {
      url: gateway.url,
      pins: gateway.pins,
      trust: gateway.trust,
      sessions: gateway.sessions,
      maxSessions: gateway.maxSessions,
      proxy: gateway.proxy,
    },
    identity: { directory: identity.directory, enrollmentToken: identity.enrollmentToken },
    connectors: config.connectors.map(({ address, alternates, dialTimeout, check, ...connector }) => ({
      ...connector,
      address: formatHostPort(address),
      alternates: alternates.map(formatHostPort),
      dialTimeout: formatDuration(dialTimeout),
      check: check === undefined ? undefined : { interval: formatDuration(check.interval) },
    })),
    policy: {
      ...policy,
      resume: formatDuration(policy.resume),
      probe: { allow: policy.probe.allow.map(formatProbeRule) },
    },
    upgrade: { ...config.upgrade, source: formatReleaseSource(config.upgrade.source) },
    dns: { ...config.dns, cacheTtl: formatDuration(config.dns.cacheTtl) },
    health: { ...config.health, sampleInterval: formatDuration(config.health.sampleInterval) },
    tunnel: {
      pingInterval: formatDuration(tunnel.pingInterval),
      pingTimeout: formatDuration(tunnel.pingTimeout),
      halfClosedTimeout: formatDuration(tunnel.halfClosedTimeout),
      memoryBudget: formatSize(tunnel.memoryBudget),
      reconnect: {
        base: formatDuration(tunnel.reconnect.base),
        max: formatDuration(tunnel.reconnect.max),
      },
    },
    drain: { timeout: formatDuration(config.drain.timeout) },
    log: config.log,
    local: { listen: formatHostPort(config.local.listen) },
  };
}

function gatewayFile(config: GatewayConfig): object {
  const { dial, ejection, tunnel, health } = config;
  return {
    apiVersion: API_VERSION,
    kind: 'Gateway',
    version: config.version,
    organization: config.organization,
    listen: { tunnel: formatHostPort(config.listen.tunnel), admin: formatHostPort(config.listen.admin) },
    dataDirectory: config.dataDirectory,
    agentCa: config.agentCa,
    tunnelTls: config.tunnelTls,
    adminTls: config.adminTls,
    signIn: config.signIn.oidc === undefined ? undefined : config.signIn,
    console: config.console.url === undefined ? undefined : config.console,
    store: config.store && { ...config.store, timeout: formatDuration(config.store.timeout) },
    cluster: config.cluster && {
      name: config.cluster.name,
      listen: formatHostPort(config.cluster.listen),
      advertise: config.cluster.advertise && formatHostPort(config.cluster.advertise),
      rebalanceInterval: formatDuration(config.cluster.rebalanceInterval),
    },
    pools: config.pools.map(({ queue, upgrade, restart, forgetAfter, ...pool }) => ({
      ...pool,
      queue: { ...queue, timeout: formatDuration(queue.timeout) },
      upgrade: shownUpgrade(upgrade),
      restart: restart && shownRestart(restart),
      forgetAfter: formatDuration(forgetAfter),
    })),
    windows: config.windows.map(shownWindow),
    freezes: config.freezes,
    connections: config.connections.map(({ resumeFor, ...connection }) => ({
      ...connection,
      resume: { for: formatDuration(resumeFor) },
      ingress: connection.ingress.map(shownIngress),
    })),
    ingressTls: config.ingressTls,
    limits: {
      ...config.limits,
      handshakeTimeout: formatDuration(config.limits.handshakeTimeout),
      idleTimeout: formatDuration(config.limits.idleTimeout),
    },
    identity: {
      certificateLifetime: formatDuration(config.identity.certificateLifetime),
      renewalGrace: formatDuration(config.identity.renewalGrace),
    },
    dial: {
      ...dial,
      attemptTimeout: formatDuration(dial.attemptTimeout),
      totalTimeout: formatDuration(dial.totalTimeout),
    },
    ejection: { ...ejection, baseDuration: formatDuration(ejection.baseDuration) },
    tunnel: {
      ...tunnel,
      pingInterval: formatDuration(tunnel.pingInterval),
      pingTimeout: formatDuration(tunnel.pingTimeout),
      handshakeTimeout: formatDuration(tunnel.handshakeTimeout),
      halfClosedTimeout: formatDuration(tunnel.halfClosedTimeout),
      memoryBudget: formatSize(tunnel.memoryBudget),
      proxyProtocol: tunnel.proxyProtocol,
    },
    resume: {
      for: formatDuration(config.resume.for),
      reconnectTimeout: formatDuration(config.resume.reconnectTimeout),
    },
    drain: {
      settle: formatDuration(config.drain.settle),
      spread: formatDuration(config.drain.spread),
      timeout: formatDuration(config.drain.timeout),
    },
    health: {
      heartbeatInterval: formatDuration(health.heartbeatInterval),
      staleAfter: formatDuration(health.staleAfter),
      maxClockSkew: formatDuration(health.maxClockSkew),
      certificateExpiryWarning: formatDuration(health.certificateExpiryWarning),
      failingOpensPercent: health.failingOpensPercent,
      failingOpensMinimum: health.failingOpensMinimum,
      failingOpensWindow: formatDuration(health.failingOpensWindow),
    },
    alerts: config.alerts.map((alert) => ({ ...alert, for: formatDuration(alert.for) })),
    receivers: config.receivers.map((receiver) => ({
      ...receiver,
      groupWait: formatDuration(receiver.groupWait),
    })),
    connectionLog: {
      ...config.connectionLog,
      retention: formatDuration(config.connectionLog.retention),
      maxSize: formatSize(config.connectionLog.maxSize),
    },
    log: config.log,
  };
}

/** Escapes text that looks like a reference, replaces secrets by their references, and omits undefined values. */
function escaped(value: unknown): unknown {
  if (value instanceof Secret) return value.reference ?? value.toString();
  if (typeof value === 'string') return escapeTemplate(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, below]) => below !== undefined);
  return Object.fromEntries(entries.map(([key, below]) => [key, escaped(below)]));
}
