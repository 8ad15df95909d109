import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../rig/eventually.ts';
import type { Scene } from './scene.ts';

/** One kind of failure. */
export type Fault = {
  readonly name: string;
  /** Brings it about once, and resolves when the link could work again. */
  strike(scene: Scene, round: number): Promise<void>;
  /** It is over before anyone gives a session up: if none is lost, nothing has to be resumed. */
  readonly isHarmless?: boolean;
  /** It cannot be brought about in this scene. */
  isMissing?(scene: Scene): boolean;
};

const stallFor =
  (milliseconds: number) =>
  async ({ relay }: Scene) => {
    relay.stall('up');
    relay.stall('down');
    await pause(milliseconds);
    await relay.restore();
  };

/** Kinds that take a moment each. */
export const briefFaults: readonly Fault[] = [
  { name: 'one session is reset', strike: async ({ relay }) => relay.cut('oldest') },
  { name: 'all sessions are reset at once', strike: async ({ relay }) => relay.cut() },
  { name: 'all sessions get FIN', strike: async ({ relay }) => relay.finish() },
  {
    name: 'reset in the middle of a TLS record',
    async strike({ relay }, round) {
      const direction = round % 2 === 0 ? 'up' : 'down';
      // An odd number of bytes, less than the largest record.
      relay.cutWithin(7_919, direction);
    },
  },
  {
    name: 'half-open: only the gateway is told',
    strike: async ({ relay }) => relay.cutOneEnd('target'),
  },
  {
    name: 'half-open: only the agent is told',
    strike: async ({ relay }) => relay.cutOneEnd('client'),
  },
  { name: 'the forward proxy resets everything', strike: async ({ proxy }) => proxy.die() },
  {
    name: 'haproxy in between is killed and started again',
    strike: async ({ haproxy }) => haproxy?.restart(),
    isMissing: ({ haproxy }) => haproxy === undefined,
  },
  {
    name: 'all sessions are reset every 10 to 500 ms',
    async strike({ relay }) {
      for (let cut = 0; cut < 8; cut += 1) {
        relay.cut();
        await pause(10 + 490 * Math.random());
      }
    },
  },
  { name: 'the agent replaces its sessions', strike: ({ replaceSessions }) => replaceSessions() },
  {
    name: 'the link swallows everything',
    async strike({ relay }) {
      relay.blackHole();
      await relay.restore();
    },
  },
  {
    name: 'one session swallows everything',
    strike: async ({ relay }) => relay.swallowOldest(),
  },
  { name: 'the link stands still for 1.5 s', strike: stallFor(1_500), isHarmless: true },
];

/** Kinds that take `seconds` each. */
export const longFaults = (away: number, asleep: number): readonly Fault[] => [
  { name: 'the link stands still for 6 s', strike: stallFor(6_000) },
  {
    name: `the agent's network is away for ${away} s`,
    async strike({ relay }) {
      relay.blackHole();
      relay.refuse();
      await pause(away * 1000);
      await relay.restore();
    },
  },
  {
    name: `the agent's host sleeps for ${asleep} s`,
    async strike({ agent, sessionsEnded }) {
      const before = sessionsEnded();
      agent.signal('SIGSTOP');
      try {
        await pause(asleep * 1000);
        await eventually('the gateway to give a session up', () => sessionsEnded() > before);
      } finally {
        agent.signal('SIGCONT');
      }
    },
  },
];
