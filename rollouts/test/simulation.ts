import {
  type Advanced,
  type AgentFacts,
  advance,
  type Opening,
  planRollout,
  type Rollout,
  type RolloutAgent,
  type RolloutSettings,
  type World,
} from '@penstock/rollouts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const settings: RolloutSettings = {
  canary: 5,
  soak: 30 * MINUTE,
  groups: [10, 50, 100],
  groupSoak: 10 * MINUTE,
  inFlight: 20,
  deadline: HOUR,
  probation: 10 * MINUTE,
  maxFailed: 10,
};

export type SimulatedAgent = { -readonly [Key in keyof AgentFacts]: AgentFacts[Key] } & {
  pool: string;
  platform: string;
};

/** A fleet without a network, and a rollout over it whose time passes on request. */
export class Simulation {
  now = Date.UTC(2026, 10, 2);
  readonly fleet = new Map<string, SimulatedAgent>();
  readonly faults = new Map<string, string>();
  readonly doubts = new Map<string, string>();
  readonly leaving = new Set<string>();
  opening: Opening = { isOpen: true, until: undefined };
  late = false;
  minReady = 1;
  rollout: Rollout;
  agents: readonly RolloutAgent[];
  /** Stages that were entered, in order. */
  readonly stages: string[] = [];

  constructor(
    count: number,
    {
      target = { kind: 'config', version: 2, digest: 'sha256:2', before: undefined },
      pools = ['dc1'],
      platforms = ['linux x64'],
      more = {},
    }: {
      target?: Rollout['target'];
      pools?: readonly string[];
      platforms?: readonly string[];
      more?: Partial<RolloutSettings>;
    } = {},
  ) {
    for (let index = 0; index < count; index += 1) {
      this.fleet.set(`agt_${index}`, {
        pool: pools[index % pools.length] ?? '',
        platform: platforms[index % platforms.length] ?? '',
        isConnected: true,
        hasReported: true,
        isReady: true,
        runsTarget: false,
        runs: 'version 1',
        isDenied: false,
        needsWindow: false,
        upgrader: 'none',
        progress: undefined,
      });
    }
    const all = { ...settings, ...more };
    const candidates = [...this.fleet].map(([id, { pool, platform, runs }]) => ({
      id,
      name: id,
      pool,
      platform,
      runs,
      skipped: undefined,
      isAway: false,
    }));
    const plan = planRollout('rol_1', candidates, all, this.now);
    this.agents = plan.agents;
    this.rollout = {
      id: 'rol_1',
      target,
      pools,
      settings: all,
      onFailure: 'roll-back',
      stage: { state: 'approved' },
      groups: plan.groups,
      override: undefined,
    };
  }

  get world(): World {
    return {
      now: this.now,
      agent: (id) => this.fleet.get(id),
      pool: (name) => {
        const members = [...this.fleet.values()].filter(({ pool }) => pool === name);
        return {
          ready: members.filter(({ isReady }) => isReady).length,
          minReady: this.minReady,
          size: members.length,
        };
      },
      opening: () => this.opening,
      finishesLate: () => this.late,
      faultOf: (id) => this.faults.get(id),
      doubtOf: (id) => this.doubts.get(id) ?? this.faults.get(id),
      isLeaving: (id) => this.leaving.has(id),
    };
  }

  step(): Advanced {
    for (const agent of this.fleet.values())
      agent.awaySince = agent.isConnected ? undefined : (agent.awaySince ?? this.now);
    // Both are stored and read again between two steps.
    const stored = JSON.parse(JSON.stringify(this.rollout)) as Rollout;
    const next = advance(stored, this.agents, this.world);
    this.rollout = next.rollout;
    this.agents = next.agents;
    const { stage } = this.rollout;
    const name = stage.state === 'group' ? `group ${stage.group}` : stage.state;
    const text = 'phase' in stage ? `${name} ${stage.phase}` : name;
    if (this.stages.at(-1) !== text) this.stages.push(text);
    return next;
  }

  /** Passes time in steps of ten seconds; `deploy` is called before each. */
  pass(milliseconds: number, deploy: () => void = () => this.deployOffered()): void {
    for (const end = this.now + milliseconds; this.now < end; this.now += 10 * SECOND) {
      deploy();
      this.step();
    }
  }

  /** What the owners of the hosts do: they deploy the target to agents that were offered it, and back. */
  deployOffered(): void {
    for (const { id, state } of this.agents) {
      const agent = this.fleet.get(id);
      if (agent === undefined) continue;
      if (state === 'offered') Object.assign(agent, { runsTarget: true, runs: 'version 2' });
      if (state === 'rolling-back') Object.assign(agent, { runsTarget: false, runs: 'version 1' });
    }
  }

  in(state: RolloutAgent['state']): readonly RolloutAgent[] {
    return this.agents.filter((agent) => agent.state === state);
  }

  get state(): string {
    return this.rollout.stage.state;
  }
}
