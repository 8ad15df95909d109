import assert from 'node:assert/strict';
import { parseGatewayConfig } from '@penstock/config-schema';
import type { PinRow, Store } from '@penstock/store';
import type { UpgradeMessage } from '@penstock/wire';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { type FakeClock, fakeClock } from '../../../test/rig/fake-clock.ts';
import type { SessionObserver } from '../../src/data-plane-port.ts';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { AgentOpens } from '../../src/rollouts/agent-opens.ts';
import { openRollouts } from '../../src/rollouts/open-rollouts.ts';
import type { Rollouts } from '../../src/rollouts/rollouts.ts';
import { testView } from '../fleet/test-view.ts';

const SECOND = 1_000;

const parsed = parseGatewayConfig(
  JSON.stringify({
    apiVersion: 'penstock/v1',
    kind: 'Gateway',
    version: 1,
    organization: 'acme',
    pools: [{ name: 'dc1' }],
  }),
  { environment: {}, readFile: () => '' },
);

/** What is sent to an agent about its version. */
export type Sent = { readonly agent: string; readonly message: UpgradeMessage };

/** The rollouts of one gateway, as they are when `epoch` is what it knows of its lead. */
export type Seat = {
  epoch: number | undefined;
  readonly clock: FakeClock;
  readonly rollouts: Rollouts;
  readonly sent: readonly Sent[];
  readonly opens: AgentOpens;
  /** An agent that has staged a version asks whether it may switch. */
  ask(agent: string, rollout: string, to: string): void;
  stop(): Promise<void>;
};

type SeatOptions = {
  readonly epoch?: number | undefined;
  /** Default: the clock of the scene. */
  readonly clock?: FakeClock;
  /** Default: that of the scene, as it is. */
  readonly store?: Store;
  /** Default: true. */
  readonly isWhole?: boolean;
  /** Milliseconds. Default: 0. */
  readonly opensDelay?: number;
};

export type RolloutScene = Awaited<ReturnType<typeof rolloutScene>>;

/** Gateways on one store, and the agents of one pool, all of which run 1.0.0. */
export async function rolloutScene(...names: readonly string[]) {
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { config } = parsed;
  const opened = await openTestStore();
  const { store } = opened;
  const clock = fakeClock();
  const agents = new Map(names.map((name) => [`agt_${name}`, testView(name, { softwareVersion: '1.0.0' })]));
  const pins = new Map<string, PinRow>();
  const keyOf = ({ scope, subject }: Pick<PinRow, 'scope' | 'subject'>) => `${scope} ${subject}`;
  const stops: (() => Promise<void>)[] = [];
  const told: { readonly event: string; readonly state: string; readonly reason: string | undefined }[] = [];
  let steps = 0;
  let minReady = 0;
  const fleet = {
    *agentsAfter() {
      yield* agents.values();
    },
    agentById: (id: string) => agents.get(id),
    pools: () => {
      steps += 1;
      const size = { connected: agents.size };
      return [{ name: 'dc1', ready: agents.size, minReady, pinning: 'off', agents: size }] as never;
    },
    pins: {
      get all() {
        return [...pins.values()];
      },
    } as never,
    steering: {
      // As if all gateways had read it already.
      async applyPins({
        put,
        remove,
      }: {
        put: readonly PinRow[];
        remove: readonly Parameters<typeof keyOf>[0][];
      }) {
        for (const pin of put) pins.set(keyOf(pin), pin);
        for (const pin of remove) pins.delete(keyOf(pin));
      },
    },
    onChange: () => () => {},
  };
  const open = async (options: SeatOptions = {}): Promise<Seat> => {
    const sent: Sent[] = [];
    const opens = new AgentOpens();
    const lead = { epoch: options.epoch };
    let observer: SessionObserver = {};
    const ownClock = options.clock ?? clock;
    const { rollouts, stop } = await openRollouts({
      store: options.store ?? store,
      fleet,
      sessions: {
        observe(given) {
          observer = given;
          return () => {};
        },
        sendUpgrade: (agent, message) => sent.push({ agent, message }) > 0,
      },
      config: () => config,
      opens,
      opensDelay: () => options.opensDelay ?? 0,
      epoch: () => lead.epoch,
      clock: ownClock,
      log: (event, { state, reason }: Readonly<Record<string, unknown>> = {}) => {
        told.push({ event, state: String(state), reason: reason as string | undefined });
      },
      approvals: {
        action: (_name, run) => async (request, actor) => ({
          kind: 'done',
          value: await run(request, actor),
        }),
      },
      events: { publish: () => {} },
      isWhole: () => options.isWhole ?? true,
      requireRelease: async () => {},
    });
    stops.push(stop);
    return Object.assign(lead, {
      clock: ownClock,
      rollouts,
      sent,
      opens,
      ask: (agent, rollout, to) =>
        observer.maySwitch?.({ identity: { agentId: `agt_${agent}` } } as never, { rollout, to } as never),
      stop,
    } satisfies Omit<Seat, 'epoch'>);
  };
  return {
    store,
    clock,
    open,
    /** What any of the gateways has logged of rollouts. */
    told,
    /** Steps that were considered: each looks at the pools. */
    steps: () => steps,
    setMinReady(count: number) {
      minReady = count;
    },
    /** Has an agent report something else. */
    change: (name: string, more: Partial<AgentView>) => agents.set(`agt_${name}`, testView(name, more)),
    /** Publishes a version, and pins the pool to it if asked. */
    async publish(version: number, { isPinned = false } = {}) {
      const digest = `sha256:${version}`;
      const stamp = { publishedAt: 1, publishedBy: 'ci' };
      await store.configVersions.insert({ pool: 'dc1', version, digest, content: '{}', ...stamp });
      if (!isPinned) return;
      const pin: PinRow = { scope: 'pool', subject: 'dc1', version, digest, pinnedAt: 1, pinnedBy: 'ci' };
      await store.pins.put(pin);
      pins.set(keyOf(pin), pin);
    },
    /** Lets time pass at these gateways until `condition` is met. */
    async until(what: string, condition: () => unknown, ...seats: readonly Seat[]) {
      await eventually(what, async () => {
        for (const each of new Set(seats.map((seat) => seat.clock))) await each.pass(SECOND);
        return condition();
      });
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops) await stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** An admin who makes requests. */
export const admin = { id: 'admin-token:1', address: undefined } as never;

export async function created(creating: ReturnType<Rollouts['create']>): Promise<string> {
  const performed = await creating;
  assert.ok(performed.kind === 'done');
  return performed.value.rollout.id;
}
