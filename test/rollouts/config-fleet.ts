import { join } from 'node:path';
import { type AgentConfig, parseAgentConfig } from '@penstock/config-schema';
import { eventually } from '../rig/eventually.ts';
import { type Pair, type PairOptions, startPair } from '../rig/pair.ts';

type Fields = Readonly<Record<string, unknown>>;
/** A rollout as the API shows it. */
export type Shown = {
  readonly id: string;
  readonly state: string;
  readonly reason?: string;
  readonly waitsFor?: string;
  readonly agents: readonly {
    readonly name: string;
    readonly state: string;
    readonly group: number;
    readonly reason?: string;
  }[];
};

/** A pair whose agents run one file per pool, as a pipeline deploys it, and rollouts of its versions. */
export type ConfigFleet = AsyncDisposable & {
  readonly pair: Pair;
  /** Publishes a version whose file has these changes. */
  publish(version: number, changes?: Fields): Promise<void>;
  deploy(agent: string, version: number): void;
  create(version: number, more?: Fields): Promise<Shown>;
  show(id: string): Promise<Shown>;
  /** Waits for a rollout that somebody else creates. */
  newest(): Promise<Shown>;
  /** Deploys whatever the rollout asks for, until `isEnd`; resolves with the rollout. */
  follow(id: string, isEnd: (rollout: Shown) => boolean, target: number, before: number): Promise<Shown>;
};

export const ended = ({ state }: Shown) => state === 'done' || state === 'rolled-back';

/** How rollouts proceed here: as by default, but in seconds. */
export const quickly = {
  soak: '300ms',
  groupSoak: '0s',
  probation: '300ms',
  deadline: '20s',
  judgeInterval: '150ms',
  inFlightPercent: 50,
};

export async function startConfigFleet(options: PairOptions): Promise<ConfigFleet> {
  const pair = await startPair(options);
  const changesOf = new Map<number, Fields>();
  const file = (version: number): object => {
    const base = pair.agentFile('a1', { version, ...changesOf.get(version) }) as Fields;
    const identity = { directory: '${env:IDENTITY}', enrollmentToken: '${env:TOKEN}' };
    return { ...base, name: '${env:AGENT}', identity };
  };
  const configOf = (agent: string, version: number): AgentConfig => {
    const environment = { AGENT: agent, IDENTITY: join(pair.directory, agent), TOKEN: pair.token };
    const parsed = parseAgentConfig(JSON.stringify(file(version)), {
      environment,
      readFile: () => '',
      directory: pair.directory,
    });
    if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
    return parsed.config;
  };
  const show = async (id: string) => (await pair.api(`GET /rollouts/${id}`)) as unknown as Shown;
  return {
    pair,
    async publish(version, changes = {}) {
      changesOf.set(version, changes);
      await pair.api('POST /config-versions', { pool: 'dc1', content: file(version) });
    },
    deploy: (agent, version) => pair.agents.get(agent)?.apply(configOf(agent, version)),
    create: async (version, more = {}) =>
      (await pair.api('POST /rollouts', { config: { pool: 'dc1', version }, ...more })) as unknown as Shown,
    show,
    newest: () =>
      eventually(
        'a rollout',
        async () => ((await pair.api('GET /rollouts')) as unknown as { items: readonly Shown[] }).items[0],
        { within: 30_000 },
      ),
    async follow(id, isEnd, target, before) {
      const deployed = new Map<string, number>();
      const deployOnce = (agent: string, version: number) => {
        if (deployed.get(agent) === version) return;
        deployed.set(agent, version);
        pair.agents.get(agent)?.apply(configOf(agent, version));
      };
      let rollout = await show(id);
      await eventually(
        `rollout ${id} to end`,
        async () => {
          rollout = await show(id);
          for (const { name, state } of rollout.agents) {
            if (state === 'offered') deployOnce(name, target);
            if (state === 'rolling-back') deployOnce(name, before);
          }
          return isEnd(rollout);
        },
        { within: 60_000, state: () => rollout },
      );
      return rollout;
    },
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  };
}
