import { setTimeout as pause } from 'node:timers/promises';
import { skipWithoutJdbc } from '../../drivers/driver-jars.ts';
import { eventually } from '../../rig/eventually.ts';
import { isInstalled } from '../../rig/optional.ts';
import { Postgres } from '../../rig/postgres.ts';
import { descriptorCount } from '../../rig/process-measurements.ts';
import { Redis } from '../../rig/redis.ts';
import { startEcho } from '../../rig/targets.ts';
import { fillPgbench, longQuery, pgbench, startPgbench, startPubSub } from '../databases.ts';
import { briefFaults, type Fault, longFaults } from '../faults.ts';
import { OddTarget } from '../odd-connections.ts';
import { endedByGateway, whatIsLeft } from '../run-chaos.ts';
import { startScene } from '../scene.ts';
import { echoes, idleClients } from '../sockets.ts';
import { type FaultResult, idleFault, Strikes } from '../strikes.ts';
import type { Workload, WorkloadResult } from '../workload.ts';
import { type AfterResume, afterResume, isAllOver } from './after-resume.ts';
import { JdbcPools } from './jdbc-pool.ts';
import { steadyTransfer } from './steady-transfer.ts';

export type LongOptions = {
  /** Seconds of work in each phase. */
  readonly seconds: number;
  /** Milliseconds between two strikes of a phase. */
  readonly interval: number;
  readonly away: number;
  readonly asleep: number;
  readonly idle: number;
  /** Of the one transfer that goes on through all phases. */
  readonly bytes: number;
  /** Which phases; all if it is empty. A part of the name of the fault is enough. */
  readonly kinds: readonly string[];
  readonly note: (text: string) => void;
};

/** What the clients of one phase noticed of one kind of fault. */
export type PhaseResult = FaultResult & {
  readonly workloads: readonly WorkloadResult[];
  /** What it should have brought about, and did not. */
  readonly idle: readonly string[];
};

export type LongResult = {
  readonly phases: readonly PhaseResult[];
  /** Clients that were connected through all of them. */
  readonly throughout: readonly WorkloadResult[];
  readonly left: readonly string[];
  /** Descriptors of the agent that were not there before. */
  readonly descriptors: number;
  /** Resets that no client or target asked for. */
  readonly ended: readonly string[];
  readonly afterResume: AfterResume;
};

/** Bytes a second of the transfer that goes on throughout: more would leave no time of two cores for the others. */
const TRANSFER_RATE = 12 * 1024 * 1024;

/** The last phase, which is not struck but waited for. */
const OVER = 'resume.for is over';

const isChosen = (kinds: readonly string[]) => (name: string) =>
  kinds.length === 0 || kinds.some((kind) => name.includes(kind));

/** One phase for each kind of fault, all clients in each, and some through all of them. */
export async function runLong(options: LongOptions): Promise<LongResult> {
  await using stack = new AsyncDisposableStack();
  const { seconds, interval, away, asleep, note } = options;
  const isWanted = ({ name }: Fault) => isChosen(options.kinds)(name);
  const postgres = stack.use(await Postgres.start());
  const program = pgbench();
  if (program === undefined) note('pgbench is not installed and is left out.');
  else await fillPgbench(program, postgres);
  const redis = isInstalled('redis-server') ? stack.use(await Redis.start()) : undefined;
  if (redis === undefined) note('redis-server is not installed and is left out.');
  const noJdbc = skipWithoutJdbc();
  const jdbc = noJdbc === false ? stack.use(await JdbcPools.compile()) : undefined;
  if (noJdbc !== false) note(`JDBC is left out: ${noJdbc}.`);
  const echo = stack.use(await startEcho());
  const odd = stack.use(await OddTarget.start());
  const cache = redis && { cache: redis.address.port };
  const targets = { orders: postgres.address.port, echo: echo.address.port, odd: odd.port, ...cache };
  const scene = stack.use(await startScene(targets));
  // Said as well when a phase cannot begin.
  stack.defer(() => endedByGateway(scene).slice(0, 10).forEach(note));
  const missing = briefFaults.filter((fault) => isWanted(fault) && fault.isMissing?.(scene) === true);
  for (const { name } of missing) note(`Left out: ${name}.`);
  const brief = briefFaults.filter((fault) => isWanted(fault) && !missing.includes(fault));
  const long = longFaults(away, asleep).filter(isWanted);
  const port = (name: string) => scene.pair.port(name);
  const descriptorsBefore = descriptorCount(scene.agent.pid);
  const throughout = [
    await idleClients(port('echo'), options.idle),
    await steadyTransfer(port('echo'), options.bytes, TRANSFER_RATE),
  ];
  const phases: PhaseResult[] = [];

  const opened = () =>
    scene.pair.logged.filter(
      ({ event, connection }) => event === 'connection-opened' && connection === 'orders',
    ).length;
  /** `isAway`: no client is to come while nothing can be reached for longer than a dial takes. */
  const clientsFor = async (duration: number, isAway: boolean): Promise<Workload[]> => [
    ...(program === undefined ? [] : [startPgbench(program, postgres, port('orders'), duration)]),
    ...(jdbc === undefined ? [] : [await jdbc.start(postgres, port('orders'), duration)]),
    ...(redis === undefined ? [] : [await startPubSub(redis, port('cache'))]),
    await longQuery(postgres, port('orders'), duration),
    ...(await echoes(port('echo'), 2)),
    ...(isAway ? [] : [odd.clients(port('odd'), 4)]),
  ];
  const phase = async (fault: Fault, strike: (strikes: Strikes) => Promise<void>) => {
    note(`${fault.name}, ${new Date().toISOString().slice(11, 19)}`);
    const strikes = new Strikes(scene);
    const before = opened();
    const isAway = long.includes(fault);
    const workloads = await clientsFor(isAway ? seconds + Math.max(away, asleep) : seconds, isAway);
    const expected = (program === undefined ? 0 : 16) + (jdbc === undefined ? 0 : 8) + 1;
    await eventually('all clients to be connected', () => opened() >= before + expected, { within: 120_000 });
    await strike(strikes);
    await scene.connected();
    const results = await Promise.all(workloads.map((workload) => workload.finish()));
    const nothing = { fault: fault.name, times: 0, sessions: 0, resumed: 0, longestMs: 0 };
    const [result = nothing] = strikes.results;
    const idle = idleFault(result, [...brief, ...long]);
    phases.push({ ...result, workloads: results, idle });
    note(`  ${result.times} times, ${result.sessions} sessions ended, ${result.resumed} resumed`);
    for (const { workload, done, errors, wrong } of results)
      note(
        `  ${workload}: ${done} done, ${errors.length} errors, ${wrong} wrong${errors
          .slice(0, 3)
          .map((text) => `\n    ${text}`)
          .join('')}`,
      );
  };

  for (const fault of brief) {
    await phase(fault, async (strikes) => {
      const end = performance.now() + seconds * 1000;
      for (let round = 0; performance.now() < end; round += 1)
        await strikes.strike(fault, round, () => pause(interval));
    });
  }
  for (const fault of long) {
    await phase(fault, (strikes) =>
      strikes.strike(fault, 0, async () => {
        await pause(interval);
        await scene.connected();
      }),
    );
  }
  note('waiting for the clients that were connected throughout …');
  const results = await Promise.all(throughout.map((workload) => workload.finish()));
  const left = await whatIsLeft(scene);
  const more = () => Math.max(0, descriptorCount(scene.agent.pid) - descriptorsBefore);
  await eventually('the agent to have closed everything', () => more() === 0, { within: 15_000 }).catch(
    () => {},
  );
  note(`${OVER} …`);
  return {
    phases,
    throughout: results,
    left,
    descriptors: more(),
    ended: endedByGateway(scene).filter((text) => !text.includes(': odd ')),
    afterResume: await afterResume(),
  };
}

const isUnnoticed = ({ errors, wrong, done }: WorkloadResult) => errors.length + wrong === 0 && done > 0;

/** Whether no client noticed anything, and nothing was left. */
export const isLongClean = ({
  phases,
  throughout,
  left,
  descriptors,
  afterResume: over,
}: LongResult): boolean =>
  left.length === 0 &&
  descriptors === 0 &&
  throughout.every(isUnnoticed) &&
  phases.every(({ workloads, idle }) => idle.length === 0 && workloads.every(isUnnoticed)) &&
  isAllOver(over);
