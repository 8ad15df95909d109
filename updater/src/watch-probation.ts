import type { UpgradeCode } from '@penstock/wire';
import type { Context } from './context.ts';
import type { Phase, Upgrade } from './journal.ts';
import { Probation, type Verdict } from './probation.ts';
import { ROOT } from './request.ts';
import { abandon, rollBack } from './roll-back.ts';
import { agentOf, currentVersion } from './version-folders.ts';

type OnProbation = Extract<Phase, { name: 'probation' }>;
type Watch = { readonly name: string; readonly probation: Probation };

/** Watches a new version until it is good, which is returned, or has been rolled back. */
export async function watchProbation(context: Context, phase: OnProbation): Promise<'good' | 'ended'> {
  const { clock, limits, host } = context;
  const { upgrade } = phase;
  const watches = phase.services.map(
    ({ name, invocation, successor, failing }): Watch => ({
      name,
      probation: new Probation(
        { version: upgrade.to, before: invocation, successor, failing, limits },
        clock.now(),
      ),
    }),
  );
  /** Goes back. What somebody has stopped stays stopped. */
  const goBack = (code: UpgradeCode, detail: string) => {
    const isStopped = (service: string) =>
      watches.some(({ name, probation }) => name === service && probation.isStopped(clock.now()));
    const services = phase.services.filter(({ name }) => !isStopped(name));
    rollBack(context, { upgrade, services, code, detail, isBoot: false });
  };
  for (;;) {
    if (currentVersion(host.layout) !== upgrade.to) {
      abandon(context, phase);
      return 'ended';
    }
    if (isWithdrawn(context, upgrade)) {
      goBack('REQUESTED', 'It was asked for during the probation.');
      return 'ended';
    }
    const verdicts = watches.map((watch) => ({ watch, verdict: look(context, watch, upgrade) }));
    for (const { watch, verdict } of verdicts) {
      if (verdict.name !== 'bad') continue;
      goBack(verdict.code, `${watch.name}: ${verdict.detail}`);
      return 'ended';
    }
    remember(context, phase, watches);
    if (verdicts.every(({ verdict }) => verdict.name === 'good')) return 'good';
    await pause(context);
  }
}

function look({ clock, host, limits }: Context, { name, probation }: Watch, { from }: Upgrade): Verdict {
  const written = host.health(name);
  const isFresh = written !== undefined && Math.abs(clock.wall() - written.at) <= limits.healthTimeout;
  const health = isFresh ? written : undefined;
  const verdict = probation.look(clock.now(), host.observe(name), health);
  if (verdict.name !== 'compare') return verdict;
  const service = host.services().find((one) => one.name === name);
  const reaches = service !== undefined && host.reaches(agentOf(host.layout, from), service);
  return probation.compared(clock.now(), reaches, health);
}

/** Keeps the invocation of a new process: the next updater must know whether it is another one. */
function remember({ keeper }: Context, phase: OnProbation, watches: readonly Watch[]): void {
  const { phase: present } = keeper.journal;
  if (present.name !== 'probation') return;
  const services = present.services.map((service) => {
    const successor = watches.find(({ name }) => name === service.name)?.probation.successor;
    return successor === undefined ? service : { ...service, successor };
  });
  const isNew = services.some(({ successor }, index) => successor !== present.services[index]?.successor);
  if (isNew) keeper.change({ phase: { ...phase, services } });
}

/** Whether somebody asks to go back to the version before. */
function isWithdrawn({ host, keeper }: Context, { from }: Upgrade): boolean {
  const { requests, revoked } = keeper.journal;
  for (const { source, request } of host.requests()) {
    const isHandled = requests[source] === request.id;
    if (isHandled || request.back !== true || request.to !== from) continue;
    if (source !== ROOT && revoked?.includes(from) === true) continue;
    keeper.mark(source, request.id);
    return true;
  }
  return false;
}

async function pause({ clock, limits }: Context): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(limits.interval, resolve);
  await promise;
}
