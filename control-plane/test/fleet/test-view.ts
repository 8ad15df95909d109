import { agentConditions, type ConditionCode } from '@penstock/api-schema';
import type { AgentView } from '../../src/fleet/agent-view.ts';

const AT = 1_700_000_000_000;

/** The view of a connected agent, or of one for which another condition holds. */
export function testView(
  name: string,
  more: Partial<AgentView> = {},
  code: ConditionCode = 'CONNECTED',
): AgentView {
  const { states, message, advice } = agentConditions[code];
  const reason = { code, state: states[0], since: AT, message, advice, detail: undefined };
  return {
    id: `agt_${name}`,
    name,
    pool: 'dc1',
    ...reason,
    reasons: [reason],
    enrolledAt: AT - 1000,
    identityNotAfter: AT + 3_600_000,
    drainedAt: undefined,
    connectedSince: AT,
    address: '192.0.2.1',
    sessions: { got: 2, wanted: 2 },
    streams: { open: 3, opening: 1 },
    softwareVersion: '0.1.0',
    platform: { os: 'linux 6', arch: 'x64', node: '26.10.0' },
    boots: [{ id: 'boot-1', address: '192.0.2.1', since: AT, sessions: 2 }],
    config: { version: 12, digest: 'sha256:0123456789abcdef' },
    pin: undefined,
    connectors: [{ name: 'orders-db', kind: 'postgresql' }],
    checks: [],
    lastHeartbeat: AT + 1000,
    hasReported: true,
    clock: { skew: 12, roundTrip: 3 },
    cpu: undefined,
    memory: undefined,
    eventLoop: { p99Ms: 1, maxMs: 2 },
    upgrade: undefined,
    ...more,
  };
}

/** The view of an agent that has enrolled and has not connected since the gateway started. */
export function absentView(name: string, more: Partial<AgentView> = {}): AgentView {
  return testView(
    name,
    {
      connectedSince: undefined,
      address: undefined,
      sessions: { got: 0, wanted: undefined },
      streams: { open: 0, opening: 0 },
      softwareVersion: undefined,
      platform: undefined,
      boots: [],
      config: undefined,
      connectors: undefined,
      lastHeartbeat: undefined,
      clock: undefined,
      eventLoop: undefined,
      ...more,
    },
    'NO_SESSION',
  );
}
