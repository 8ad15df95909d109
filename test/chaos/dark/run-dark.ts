import { setTimeout as pause } from 'node:timers/promises';
import { HeldClients, newClients } from './clients.ts';
import { type DarkScene, startDarkScene } from './dark-scene.ts';

export type DarkResult = {
  readonly scenario: string;
  readonly clients: number;
  /** Milliseconds to the first byte of a new client. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** New clients that were not served. */
  readonly errors: readonly string[];
  /** Milliseconds after which the last held connection had its answer, or was known to have no session. */
  readonly held: number;
  readonly heldErrors: readonly string[];
  readonly sessionsLost: number;
  /** What was asked of the numbers, and was not so. */
  readonly failed: readonly string[];
};

type Scenario = {
  readonly name: string;
  readonly agents: readonly string[];
  /** Milliseconds in each direction. */
  readonly delay?: number;
  /** Before the first client comes. */
  prepare?(scene: DarkScene): Promise<void>;
  strike(scene: DarkScene): Promise<void> | void;
  heal?(scene: DarkScene): Promise<void>;
  /** No session may be lost. */
  readonly isHarmless?: boolean;
  /** Milliseconds within which a new client is to have its first byte, in 99 of 100 cases. */
  readonly p99?: number;
};

const BLOCKED_MS = 2_000;
const HELD = 20;
const CLIENTS = 240;
const EACH_MS = 50;
const HELD_MS = 5_000;

/** Bytes a second of half a megabit. */
const SLOW_RATE = 62_500;

/** So much that the windows open again, and less than they then let through. */
const STUCK_READ_BYTES = 4 * 1024 * 1024;

const dark = ({ agents }: DarkScene) => agents[0]?.relay;

const scenarios: readonly Scenario[] = [
  { name: 'nothing', agents: ['a1', 'a2'], strike() {}, isHarmless: true, p99: 1_000 },
  {
    name: 'one of two agents goes dark',
    agents: ['a1', 'a2'],
    strike: (scene) => dark(scene)?.blackHole(),
    heal: async (scene) => dark(scene)?.restore(),
    p99: 1_000,
  },
  {
    name: 'one of two sessions goes dark',
    agents: ['a1'],
    strike: (scene) => dark(scene)?.swallowOldest(),
    p99: 1_000,
  },
  {
    name: 'one of two agents hears nothing',
    agents: ['a1', 'a2'],
    strike: (scene) => dark(scene)?.blackHole('down'),
    heal: async (scene) => dark(scene)?.restore(),
    p99: 1_000,
  },
  {
    name: 'one of two agents is not heard',
    agents: ['a1', 'a2'],
    strike: (scene) => dark(scene)?.blackHole('up'),
    heal: async (scene) => dark(scene)?.restore(),
    p99: 1_000,
  },
  { name: '600 ms away: nothing', agents: ['a1', 'a2'], delay: 300, strike() {}, isHarmless: true },
  {
    name: '600 ms away: one of two agents goes dark',
    agents: ['a1', 'a2'],
    delay: 300,
    strike: (scene) => dark(scene)?.blackHole(),
    heal: async (scene) => dark(scene)?.restore(),
  },
  {
    name: 'the gateway is blocked for 2 s',
    agents: ['a1', 'a2'],
    strike: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS),
    isHarmless: true,
  },
  {
    name: 'an agent is stopped for 2 s',
    agents: ['a1', 'a2'],
    async strike({ agents }) {
      agents[0]?.process.signal('SIGSTOP');
      await pause(BLOCKED_MS);
      agents[0]?.process.signal('SIGCONT');
    },
    isHarmless: true,
  },
  {
    name: '600 ms and 0.5 Mbit/s, and a target stalls',
    agents: ['a1'],
    delay: 300,
    async prepare({ pair, stuck, agents }) {
      await stuck.fill(pair.port('stuck'));
      for (const { relay } of agents) relay.throttle(SLOW_RATE, 'down');
      await stuck.read(STUCK_READ_BYTES);
    },
    strike() {},
    isHarmless: true,
  },
];

/** Strikes in each way while new clients come and others stay. `kinds`: parts of the names of scenarios; all if empty. */
export async function runDark(kinds: readonly string[], note: (text: string) => void): Promise<DarkResult[]> {
  const results: DarkResult[] = [];
  for (const scenario of scenarios) {
    if (kinds.length > 0 && !kinds.some((kind) => scenario.name.startsWith(kind))) continue;
    note(`${scenario.name} …`);
    const result = await play(scenario);
    const { p50, p99, longest, held, sessionsLost, failed } = result;
    note(
      `  p50 ${p50}, p99 ${p99}, longest ${longest}, held ${held}, ${sessionsLost} sessions lost. ${failed.join('. ')}`,
    );
    results.push(result);
  }
  return results;
}

async function play(scenario: Scenario): Promise<DarkResult> {
  const { name, agents, delay = 0, strike, heal } = scenario;
  await using scene = await startDarkScene(agents, delay);
  await using held = await HeldClients.connect(scene.port, HELD);
  held.start();
  await pause(1_000);
  await scenario.prepare?.(scene);
  const from = scene.pair.logged.length;
  const struckAt = performance.now();
  const told = toldBy(scene, struckAt, from);
  const arriving = newClients(scene.port, CLIENTS, EACH_MS);
  await strike(scene);
  const times = await arriving;
  await heal?.(scene);
  await held.finish();
  const served = times.filter((each) => typeof each === 'number').sort((a, b) => a - b);
  const errors = times.filter((each) => typeof each === 'string');
  const at = (share: number) =>
    Math.round(served[Math.min(served.length - 1, Math.floor(share * served.length))] ?? 0);
  const result = {
    scenario: name,
    clients: times.length,
    p50: at(0.5),
    p99: at(0.99),
    longest: Math.round(served.at(-1) ?? 0),
    errors,
    held: told() ?? Math.round(held.longest),
    heldErrors: held.errors,
    sessionsLost: scene.since(from, 'session-lost').length,
  };
  return { ...result, failed: failuresOf(result, scenario) };
}

/** Observes when the gateway has last found a connection without a session; undefined if it never did. */
function toldBy({ pair }: DarkScene, struckAt: number, from: number): () => number | undefined {
  let seen = from;
  let last: number | undefined;
  const look = () => {
    for (; seen < pair.logged.length; seen += 1)
      if (pair.logged[seen]?.event === 'connection-adrift') last = performance.now() - struckAt;
  };
  const timer = setInterval(look, 50);
  return () => {
    clearInterval(timer);
    look();
    return last === undefined ? undefined : Math.round(last);
  };
}

function failuresOf(result: Omit<DarkResult, 'failed'>, { isHarmless, p99, delay = 0 }: Scenario): string[] {
  const isLate = delay === 0 && result.held > HELD_MS;
  return [
    ...(p99 !== undefined && result.p99 > p99 ? [`p99 is over ${p99} ms`] : []),
    ...(isHarmless === true && result.sessionsLost > 0 ? [`${result.sessionsLost} sessions were lost`] : []),
    ...(isLate ? [`a held connection was not known to be without a session for ${result.held} ms`] : []),
    ...(result.errors.length > 0 ? [`${result.errors.length} new clients were not served`] : []),
    ...(result.heldErrors.length > 0 ? [`${result.heldErrors.length} held clients saw an error`] : []),
  ];
}

/** One table: a row for each way. */
export function darkText(results: readonly DarkResult[]): string {
  const rows = [
    ['new clients: first byte, in ms', 'clients', 'p50', 'p99', 'longest', 'held ms', 'lost'],
    ...results.map(({ scenario, clients, p50, p99, longest, held, sessionsLost }) => [
      scenario,
      clients,
      p50,
      p99,
      longest,
      held,
      sessionsLost,
    ]),
  ];
  const lines = rows.map(([title = '', ...values]) =>
    [String(title).padEnd(44), ...values.map((value) => String(value).padStart(9))].join('').trimEnd(),
  );
  const faults = results.flatMap(({ scenario, failed, errors, heldErrors }) =>
    [...failed, ...errors.slice(0, 3), ...heldErrors.slice(0, 3)].map((text) => `${scenario}: ${text}`),
  );
  return `${[...lines, '', ...faults].join('\n').trimEnd()}\n`;
}
