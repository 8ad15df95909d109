import { parseArgs } from 'node:util';
import { ended } from './config-fleet.ts';
import type { Behavior } from './simulated-host.ts';
import { startSoftwareFleet } from './software-fleet.ts';

// npm run rollout:test -- --size 10: hosts in three pools, a rollout for each way in which a version can be bad, and a good one
// that a freeze and a restart of the gateway interrupt.

const POOLS = ['dc1', 'dc2', 'dc3'];
const MIN_READY_SHARE = 0.7;

const { values } = parseArgs({ options: { size: { type: 'string', default: '10' } } });
const size = Number(values.size);
const upgrade = {
  canaryPercent: 5,
  soak: '3s',
  groupSoak: '1s',
  probation: '4s',
  deadline: '60s',
  judgeInterval: '1s',
  inFlightPercent: 20,
};

const bad: readonly (readonly [Behavior, string, RegExp])[] = [
  ['crashes', '1.1.0', /EXITED/],
  ['hangs', '1.2.0', /HUNG/],
  ['cannot-dial', '1.3.0', /opens failed/],
  ['slower', '1.4.0', /take longer than/],
  ['leaks', '1.5.0', /memory grew/],
];

const problems: string[] = [];
const check = (isTrue: boolean, problem: string) => {
  if (!isTrue) problems.push(problem);
};
const say = (text: string) => process.stdout.write(`${text}\n`);

const minReady = Math.floor(size * MIN_READY_SHARE);
await using fleet = await startSoftwareFleet(POOLS, size, upgrade, minReady);
const { pair, hosts, seen } = fleet;
const versions = () => [...new Set(hosts.map(({ version }) => version))].join();
say(`${hosts.length} hosts in ${POOLS.length} pools run ${versions()}; minReady is ${minReady}.`);

for (const [behavior, version, reason] of bad) {
  fleet.behave(behavior);
  const shown = await fleet.rollOut(version);
  say(`${version} ${behavior}: ${shown.state}. ${shown.reason ?? ''}`);
  check(shown.state === 'rolled-back', `${version} is ${shown.state}.`);
  check(reason.test(shown.reason ?? ''), `The reason of ${version} is ${shown.reason}.`);
  check(versions() === '1.0.0', `After ${version}, hosts run ${versions()}.`);
}

fleet.behave('good');
let interruption: 'freeze' | 'over' = 'freeze';
const today = new Date().toISOString().slice(0, 10);
const done = await fleet.rollOut('2.0.0', {}, async (shown) => {
  if (interruption === 'freeze' && shown.state === 'group') {
    interruption = 'over';
    seen.isInterrupted = true;
    await pair.gateway.stop();
    await pair.restartGateway({ freezes: [{ name: 'year-end', from: today, to: '2099-12-31' }] });
    const waiting = await fleet.until(shown.id, (each) => each.waitsFor !== undefined || ended(each));
    say(`2.0.0 good: the gateway was restarted into a freeze. ${waiting.waitsFor ?? waiting.state}`);
    check(waiting.waitsFor !== undefined, `The rollout of 2.0.0 is ${waiting.state} in a freeze.`);
    await pair.gateway.stop();
    await pair.restartGateway();
    await fleet.allReady();
    seen.isInterrupted = false;
  }
});
say(`2.0.0 good: ${done.state}.`);
check(done.state === 'done', `2.0.0 is ${done.state}: ${done.reason}`);
check(versions() === '2.0.0', `After 2.0.0, hosts run ${versions()}.`);
check(seen.failed === 0, `${seen.failed} clients were not served.`);
check(seen.leastReady >= minReady, `A pool had ${seen.leastReady} ready agents.`);
say(
  `${seen.served} clients were served, ${seen.failed} were not. No pool had fewer than ${seen.leastReady} ready agents.`,
);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
