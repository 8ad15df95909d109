import assert from 'node:assert/strict';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { type FakeClock, fakeClock } from '../../../test/rig/fake-clock.ts';
import type { DataPlaneLog } from '../../src/observe/event.ts';
import { type DialOptions, type DialPorts, dial } from '../../src/routing/dial.ts';
import type { DialRecord } from '../../src/routing/dial-history.ts';
import { Ejection } from '../../src/routing/ejection.ts';
import type { PendingQueue } from '../../src/routing/pending-queue.ts';
import { FakeSession, type Outcome } from './fake-session.ts';

export const LIMITS = { attemptTimeout: 5_000, totalTimeout: 10_000, maxAttempts: 3 };
const ROUTE = { name: 'orders', connector: 'orders-db', pools: ['dc1', 'dc2'], maxConnections: 10 };

type Waits = Parameters<PendingQueue['wait']>;

/** Routing with fakes around it. The queue times out immediately unless the test replaces `wait`. */
export class DialScene {
  readonly clock: FakeClock = fakeClock();
  readonly sessions: FakeSession[] = [];
  readonly logged: Record<string, unknown>[] = [];
  readonly waits: Waits[] = [];
  readonly ejection = new Ejection(
    { consecutiveFailures: 2, baseDuration: 10_000, maxPercent: 50 },
    this.clock,
  );
  readonly records: DialRecord[] = [];
  /** Ids of agents whose check of the connector fails. */
  readonly failing = new Set<string>();
  limits = LIMITS;
  wait: () => Promise<void> = () => Promise.reject(new TunnelError('QUEUE_TIMEOUT'));

  add(agent: string, pool: string, outcome: Outcome = 'ok'): FakeSession {
    const session = new FakeSession(agent, pool, outcome);
    this.sessions.push(session);
    return session;
  }

  dial(signal: AbortSignal = new AbortController().signal, options?: DialOptions) {
    const log: DataPlaneLog = (event, fields) => this.logged.push({ event, ...fields });
    const ports: DialPorts = {
      sessionsOf: (pool) => this.sessions.filter((session) => session.identity.pool === pool),
      queue: {
        wait: (...wait) => {
          this.waits.push(wait);
          return this.wait();
        },
      },
      ejection: this.ejection,
      checkFails: (connector, agentId) => connector === ROUTE.connector && this.failing.has(agentId),
      limits: () => this.limits,
      log,
      clock: this.clock,
      onDialed: (record) => this.records.push(record),
    };
    return dial(ROUTE, '10.0.0.9', signal, ports, options);
  }

  async fails(code: CloseCode): Promise<void> {
    await assert.rejects(this.dial(), (error) => error instanceof TunnelError && error.code === code);
  }

  get opened(): string[] {
    return this.sessions.flatMap(({ identity, requests }) => requests.map(() => identity.name));
  }
}
