import { parseArgs } from 'node:util';
import { eventually } from '../rig/eventually.ts';
import { runCli } from '../rig/run-cli.ts';
import { startAgentFleet } from './agent-fleet.ts';
import { ended } from './config-fleet.ts';
import { isAnother } from './gateway-process.ts';
import type { Flaw } from './hosts/agent-builds.ts';
import { untold } from './told.ts';

// npm run rollout:test -- --size 10 --only crashes,good: real agents on hosts of their own in three pools, a rollout for each way in which a version
// can be bad, and a good one during which a freeze begins and the gateway crashes, while pgbench works through all of them.

const MAX_POOLS = 9;
const MIN_READY_SHARE = 0.7;
/** Flaws that end a process under its connections: what it carries is lost, once for each canary. */
const DYING: ReadonlySet<Flaw> = new Set(['crashes', 'hangs']);
/** States of agents that go on although their rollout was halted. */
const CHANGING: ReadonlySet<string> = new Set(['switching', 'probation']);
const SECOND = 1_000;

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '10' },
    pools: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
  },
});
const size = Number(values.size);
const pools = Array.from({ length: Number(values.pools) || 0 }, (_, index) => `dc${index + 1}`);
const minReady = Math.floor(size * MIN_READY_SHARE);

const bad: readonly (readonly [Flaw, string, RegExp])[] = [
  ['rejects-config', '1.1.0', /CONFIG_REJECTED/],
  ['loses-identity', '1.1.1', /EXITED|HUNG|NO_HEARTBEAT/],
  ['crashes', '1.2.0', /EXITED/],
  ['hangs', '1.3.0', /HUNG/],
  ['cannot-dial', '1.4.0', /opens failed|CHECKS_WORSE|The check of connector/],
  ['slower', '1.5.0', /take longer than/],
  ['leaks', '1.6.0', /memory grew/],
];

const names: readonly string[] = [...bad.map(([flaw]) => flaw), 'renews', 'forgets', 'good', 'retries'];
if (values.list) {
  process.stdout.write(`${names.join('\n')}\n`);
  process.exit();
}
const only = values.only === '' ? names : values.only.split(',');
const unknown = only.find((name) => !names.includes(name));
if (unknown !== undefined || !(size >= 2) || pools.length < 1 || pools.length > MAX_POOLS) {
  process.stderr.write(
    unknown === undefined
      ? `--size must be 2 or more, and --pools 1 to ${MAX_POOLS}.\n`
      : `There is no case ${unknown}. The cases are ${names.join(', ')}.\n`,
  );
  process.exit(64);
}

const begun = performance.now();
const problems: string[] = [];
const say = (text: string) =>
  process.stdout.write(
    `${String(Math.round((performance.now() - begun) / SECOND)).padStart(4)} s  ${text}\n`,
  );
const check = (isTrue: boolean, problem: string) => {
  if (isTrue) return;
  problems.push(problem);
  say(`PROBLEM: ${problem}`);
};

await using fleet = await startAgentFleet({
  pools,
  size,
  minReady,
  rate: 10,
  // Agents that get little of the processor renew late: only the case that needs renewals has certificates that end soon.
  certificateLifetime: only.includes('renews') ? '10m' : '24h',
  watchdog: 30 * SECOND,
  upgrade: {
    canaryPercent: 5,
    soak: '10s',
    groupSoak: '1s',
    probation: '50s',
    deadline: '10m',
    judgeInterval: '2s',
    inFlightPercent: 20,
  },
  limits: {
    probation: 40 * SECOND,
    maxProbation: 240 * SECOND,
    readyTimeout: 60 * SECOND,
    healthTimeout: 30 * SECOND,
    // Longer than the watchdog and healthTimeout: what hangs before its first heartbeat is acknowledged is not deaf.
    grace: 40 * SECOND,
    settle: SECOND,
    interval: 500,
    attempts: 3,
  },
});
const { gateway } = fleet;
const versions = async () => (await fleet.versions()).join();
say(
  `${pools.length * size} agents in ${pools.length} pools run ${await versions()}; minReady is ${minReady}.`,
);

/** Runs of pgbench that have failed. */
const failedRuns = () => fleet.clients.errors.filter((line) => line.startsWith('pgbench ended')).length;
let toleratedRuns = 0;

for (const [flaw, version, reason] of bad.filter(([flaw]) => only.includes(flaw))) {
  const before = await versions();
  const failedBefore = failedRuns();
  const errorsBefore = fleet.clients.errors.length;
  const refusedBefore = new Set(gateway.refusedClients);
  fleet.publish(version, flaw);
  const { id } = await fleet.rollOut(version);
  const shown = await fleet.end(id);
  say(`${version} ${flaw}: ${shown.state}. ${shown.reason ?? ''}`);
  check(shown.state === 'rolled-back', `${version} is ${shown.state}.`);
  check(reason.test(shown.reason ?? ''), `The reason of ${version} is ${shown.reason}.`);
  const changed = shown.agents.filter(({ state, group }) => group > 0 && state !== 'pending');
  check(changed.length === 0, `${changed.length} agents that are no canaries took ${version}.`);
  check((await versions()) === before, `After ${version}, agents run ${await versions()}.`);
  for (const problem of await untold(fleet, shown)) check(false, `${version}: ${problem}`);
  const refused = gateway.refusedClients.filter((each) => !refusedBefore.has(each));
  check(refused.length === 0, `Clients were not connected: ${JSON.stringify(refused.slice(0, 5))}`);
  if (!DYING.has(flaw)) continue;
  // Runs of pgbench that saw the end of a canary are over.
  await fleet.undisturbed(async () => {});
  const failed = failedRuns() - failedBefore;
  const canaries = shown.agents.filter(({ group }) => group === 0).length;
  toleratedRuns += Math.min(failed, canaries);
  if (failed === 0) continue;
  say(`${version} ${flaw}: ${failed} runs of pgbench had a connection through a canary when it died:`);
  for (const line of fleet.clients.errors.slice(errorsBefore)) say(`  ${line}`);
}

if (only.includes('renews')) {
  fleet.publish('1.7.0');
  const { id } = await fleet.rollOut('1.7.0', { settings: { soakSeconds: 3_600 } });
  const { agents } = await fleet.until(id, (shown) => shown.state === 'soaking' || ended(shown));
  const canaries = agents.filter(({ state }) => state === 'updated').map(({ name }) => name);
  await fleet.until(
    id,
    isAnother(() => gateway.last('agent-renewed', canaries)),
  );
  const hasEnrolled = isAnother(() => gateway.last('agent-enrolled'));
  await gateway.api(`POST /rollouts/${id}/cancel`, { rollBack: true });
  const back = await fleet.end(id);
  say(`1.7.0 renews: ${back.state}, after ${canaries.join(' or ')} had renewed its certificate with it.`);
  check(back.state === 'rolled-back', `1.7.0 is ${back.state}: ${back.reason}`);
  await fleet.allReady();
  check((await versions()) === '1.0.0', `After 1.7.0, agents run ${await versions()}.`);
  check(!hasEnrolled(), 'An agent that went back had to enroll again.');
}

if (only.includes('forgets')) {
  // As an orchestrator does it: an agent is gone for good, and another one comes. The gateway forgets nobody in its first five minutes.
  const [pool = ''] = pools;
  const [gone, stays] = [`${pool}-0`, `${pool}-1`];
  const { id } = await gateway.api(`GET /agents/${gone}`);
  await fleet.lose(gone);
  await gateway.reloadPools({ forgetAfter: '30s' });
  const forgotten = async () => {
    const { items } = await gateway.api(`GET /audit?action=agent.forget&subject=agent:${id}`);
    return (items as readonly { readonly actor: string }[]).map(({ actor }) => actor);
  };
  await eventually(`${gone} to be forgotten`, async () => (await forgotten()).length > 0, {
    within: 900 * SECOND,
    every: SECOND,
  });
  check((await forgotten()).join() === 'forget-after', `${gone} was forgotten by ${await forgotten()}.`);
  await fleet.replace(gone, pool);
  await fleet.allReady();
  const again = await gateway.api(`GET /agents/${gone}`);
  check(again['id'] !== id, 'Another agent cannot have the name of one that was forgotten.');
  check((await gateway.api(`GET /agents/${stays}`))['state'] === 'connected', `${stays} is gone as well.`);
  await gateway.reload({});
  say(`${gone} was gone for 30 s and was forgotten. Another agent has its name.`);
}

if (only.includes('good')) {
  fleet.publish('2.0.0');
  // What is bad was found long ago in these cases, and a good version need not be observed for as long.
  const settings = { probationSeconds: 15, inFlightPercent: 30 };
  const { id } = await fleet.rollOut('2.0.0', { settings });
  await fleet.until(id, (shown) => shown.state === 'group' || ended(shown));
  const today = new Date().toISOString().slice(0, 10);
  await gateway.reload({ freezes: [{ name: 'year-end', from: today, to: '2099-12-31' }] });
  const frozen = await fleet.until(id, (shown) => shown.waitsFor !== undefined || ended(shown));
  say(`2.0.0 good: a freeze began. ${frozen.waitsFor ?? frozen.state}`);
  check(frozen.waitsFor !== undefined, `The rollout of 2.0.0 is ${frozen.state} in a freeze.`);
  await gateway.reload({});
  await fleet.until(id, (shown) => shown.agents.some(({ state }) => state === 'switching') || ended(shown));
  await fleet.undisturbed(() => gateway.crash());
  say('2.0.0 good: the freeze is over, and the gateway was killed while agents switched.');
  const done = await fleet.end(id);
  say(`2.0.0 good: ${done.state}. ${done.reason ?? ''}`);
  check(done.state === 'done', `2.0.0 is ${done.state}: ${done.reason}`);
  check((await versions()) === '2.0.0', `After 2.0.0, agents run ${await versions()}.`);
}

if (only.includes('retries')) {
  fleet.publish('2.1.0', 'needs-repair');
  const settings = { probationSeconds: 15, inFlightPercent: 30 };
  const { id } = await fleet.rollOut('2.1.0', { settings, onFailure: 'halt' });
  const halted = await fleet.until(id, (shown) => shown.state === 'halted' || ended(shown));
  say(`2.1.0 needs-repair: ${halted.state}. ${halted.reason ?? ''}`);
  check(/EXITED/.test(halted.reason ?? ''), `The reason of 2.1.0 is ${halted.reason}.`);
  // Canaries that are still changed would end as the first one did, or restart in a host that was repaired meanwhile.
  const settled = await fleet.until(id, ({ agents }) => !agents.some(({ state }) => CHANGING.has(state)));
  const failed = settled.agents.filter(({ state }) => state === 'failed');
  say(
    `2.1.0 needs-repair: ${failed.map(({ name }) => name).join(', ')} failed, and no other canary has switched.`,
  );
  check(settled.state === 'halted', `2.1.0 is ${settled.state} before it is retried.`);
  fleet.repair();
  const retried = runCli(['rollout', 'retry', id, '--wait'], gateway.environment);
  await fleet.until(id, ({ state }) => state !== 'halted');
  const again = await fleet.until(id, (shown) => shown.state === 'halted' || ended(shown));
  say(`2.1.0 needs-repair: ${again.state} after the hosts were repaired. ${again.reason ?? ''}`);
  const { exitCode, stderr } = await retried;
  check(again.state === 'done' && exitCode === 0, `rollout retry ended with ${exitCode}: ${stderr}`);
  check((await versions()) === '2.1.0', `After 2.1.0, agents run ${await versions()}.`);
}

const { transactions, errors } = fleet.clients;
check(failedRuns() === toleratedRuns, `pgbench reported: ${errors.slice(0, 5).join(' ')}`);
check(fleet.leastReady >= minReady, `A pool had ${fleet.leastReady} ready agents.`);
const least = Number.isFinite(fleet.leastReady) ? fleet.leastReady : size;
say(
  `${transactions} connections were served by pgbench, with ${errors.length} errors. No pool had fewer than ${least} ready agents.`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
