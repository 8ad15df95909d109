import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY, PIN } from './rig/minimal-file.ts';

const nothing = hostOf({ environment: {}, files: new Map() });
const MIB = 1024 * 1024;

test('the shortest agent.yaml has every default', () => {
  const result = parseAgentConfig(MINIMAL_AGENT, nothing);
  assert.ok(result.ok, JSON.stringify(result));
  const { digest, content, ...config } = result.config;
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(content, result.source.content);
  assert.deepEqual(config, {
    version: 3,
    name: 'agent-1',
    pool: 'dc1',
    gateway: {
      url: 'https://gateway.example.com:8443',
      address: { host: 'gateway.example.com', port: 8443 },
      pins: [PIN],
      trust: 'system',
      sessions: 2,
      maxSessions: 16,
      proxy: 'env',
    },
    identity: {
      directory: '/var/lib/penstock-agent',
      enrollmentToken: undefined,
      enrollmentTokenMissing: undefined,
    },
    connectors: [
      {
        name: 'orders-db',
        kind: 'postgresql',
        address: { host: 'orders.internal', port: 5432 },
        maxConnections: 200,
        dialTimeout: 5000,
        check: undefined,
        alternates: [],
        proxyProtocol: undefined,
        tls: undefined,
      },
    ],
    policy: {
      deny: [],
      probe: { allow: [] },
      resume: 300_000,
      remote: { logs: 'allow', restart: 'deny', upgrade: 'deny' },
    },
    upgrade: { source: { kind: 'gateway' }, keep: 2 },
    dns: { cacheTtl: 30_000, cacheSize: 1000 },
    health: { sampleInterval: 15_000, sample: [] },
    tunnel: {
      pingInterval: 15_000,
      pingTimeout: 10_000,
      halfClosedTimeout: 600_000,
      memoryBudget: 256 * MIB,
      reconnect: { base: 500, max: 30_000 },
    },
    drain: { timeout: 30_000 },
    log: { level: 'info', recent: 2000 },
    local: { listen: { host: '127.0.0.1', port: 9070 } },
  });
});

test('the shortest gateway.yaml has every default', () => {
  const result = parseGatewayConfig(MINIMAL_GATEWAY, nothing);
  assert.ok(result.ok, JSON.stringify(result));
  const { digest, replicaDigest, ...config } = result.config;
  for (const each of [digest, replicaDigest]) assert.match(each, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(config, {
    version: 7,
    organization: 'acme',
    listen: { tunnel: { host: '0.0.0.0', port: 8443 }, admin: { host: '127.0.0.1', port: 8080 } },
    dataDirectory: '/var/lib/penstock-gateway',
    agentCa: undefined,
    tunnelTls: undefined,
    store: undefined,
    cluster: undefined,
    pools: [
      {
        name: 'dc1',
        pinning: 'off',
        minReady: 1,
        queue: { limit: 64, timeout: 5000 },
        requireApproval: [],
        upgrade: {
          window: undefined,
          canaryPercent: 5,
          soak: 1_800_000,
          groupSoak: 600_000,
          inFlightPercent: 20,
          deadline: 3_600_000,
          probation: 600_000,
          maxFailedPercent: 10,
          judgeInterval: 60_000,
          channel: undefined,
          withoutApproval: undefined,
        },
        restart: undefined,
        forgetAfter: 0,
      },
    ],
    console: { url: undefined },
    windows: [],
    freezes: [],
    connections: [
      {
        name: 'orders',
        connector: 'orders-db',
        kind: undefined,
        pools: ['dc1'],
        maxConnections: 500,
        clientErrors: 'report',
        resumeFor: 60_000,
        ingress: [
          {
            kind: 'tcp',
            listen: { host: '0.0.0.0', port: 15_432 },
            allow: ['10.0.0.0/8'],
            proxyProtocol: undefined,
          },
        ],
      },
    ],
    adminTls: undefined,
    signIn: { oidc: undefined },
    ingressTls: undefined,
    limits: {
      connectionsPerAddress: 5000,
      pendingHandshakes: 1000,
      handshakeTimeout: 10_000,
      idleTimeout: 0,
    },
    identity: { certificateLifetime: 86_400_000, renewalGrace: 604_800_000 },
    dial: { attemptTimeout: 5000, totalTimeout: 10_000, maxAttempts: 3 },
    ejection: { consecutiveFailures: 5, baseDuration: 10_000, maxPercent: 50 },
    tunnel: {
      pingInterval: 15_000,
      pingTimeout: 10_000,
      handshakeTimeout: 10_000,
      halfClosedTimeout: 600_000,
      sessionsPerAgent: 32,
      sessionsPerAddress: 2000,
      acceptRate: 500,
      memoryBudget: 1024 * MIB,
      proxyProtocol: undefined,
    },
    resume: { for: 60_000, reconnectTimeout: 5000 },
    drain: { settle: 0, spread: 15_000, timeout: 30_000 },
    health: {
      heartbeatInterval: 15_000,
      staleAfter: 60_000,
      maxClockSkew: 30_000,
      certificateExpiryWarning: 604_800_000,
      failingOpensPercent: 50,
      failingOpensMinimum: 3,
      failingOpensWindow: 300_000,
    },
    alerts: [],
    receivers: [],
    connectionLog: { store: 'on', retention: 604_800_000, maxSize: 1024 * MIB, lines: 'all' },
    log: { level: 'info' },
  });
});
