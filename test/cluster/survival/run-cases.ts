import { eventually } from '../../rig/eventually.ts';
import { type Case, type CaseOutcome, type CaseResult, cutEarly, failedWrongly, type Stage } from './case.ts';
import { type Programs, startClients } from './clients.ts';
import { problemsOf } from './invariants.ts';
import type { Site } from './site.ts';
import { Changes, fireAlert, type Notification, notificationsOf } from './watch.ts';

const MAX_SHOWN = 5;

/** Runs the cases one after the other on one site, each under clients. Never throws for what a case finds. */
export async function* runCases(
  site: Site,
  cases: readonly Case[],
  programs: Programs,
  progress: (text: string) => void,
): AsyncGenerator<CaseResult, void> {
  const changes = new Changes(site);
  progress('waiting for the site to be whole');
  const problems = await problemsOf(site, changes);
  if (problems.length > 0) throw new Error(`The site did not come up: ${problems.join(' ')}`);
  const open = () => openAlerts(notificationsOf(site));
  await eventually('the alerts of the start to be resolved', () => open().length === 0, { within: 60_000 });
  for (const each of cases) yield await runCase(site, each, changes, programs, progress);
}

async function runCase(
  site: Site,
  { name, isTimed = false, run }: Case,
  changes: Changes,
  programs: Programs,
  progress: (text: string) => void,
): Promise<CaseResult> {
  const startedAt = performance.now();
  const problems: string[] = [];
  let incidents = 0;
  const stage: Stage = {
    site,
    fireAlert() {
      incidents += 1;
      return fireAlert(site);
    },
    changes,
    progress: (text) => progress(`${name}: ${text}`),
    check(isTrue, problem) {
      if (!isTrue) problems.push(problem);
    },
  };
  const logged = new Date().toISOString();
  const notified = site.receiver.received.length;
  progress(name);
  const clients = await startClients(site, { ...programs, pgbench: programs.pgbench && !isTimed });
  const began = performance.now();
  let outcome: CaseOutcome = {};
  try {
    outcome = await run(stage);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    site.network.mend();
  }
  const counts = await clients.stop();
  const notificationsSettled = async () => {
    const { mayRepeatAlerts = false } = outcome;
    const problemsNow = () =>
      notificationProblems(notificationsOf(site, notified), incidents, mayRepeatAlerts);
    // A leader that has followed may still have to tell that an alert is resolved.
    await eventually('notifications', () => problemsNow().length === 0, { within: 30_000 }).catch(() => {});
    return problemsNow();
  };
  const failed = failedWrongly(counts, outcome);
  const early = cutEarly(counts, outcome.cutFrom);
  for (const { client, error, at } of [...failed, ...early].slice(0, MAX_SHOWN))
    problems.push(`${client} after ${Math.round(at - began)} ms: ${error}`);
  if (early.length > 0) problems.push(...whyClosed(site, logged).slice(0, MAX_SHOWN));
  progress(`${name}: looking for what is left`);
  problems.push(...(await problemsOf(site, changes)), ...(await notificationsSettled()));
  return {
    case: name,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    newConnections: counts.newConnections,
    answers: counts.answers,
    failed: failed.length,
    cut: early.length,
    longestMs: counts.longestMs,
    facts: outcome.facts ?? {},
    problems,
  };
}

/** What the replicas say of connections that they ended with a code since then. */
function whyClosed(site: Site, since: string): string[] {
  return [...site.replicas].flatMap(([name, { lines }]) =>
    lines.flatMap(({ json = {} }) => {
      const { event, time, code, detail, agent, durationMs } = json;
      const isEnd = /^connection-(closed|failed)$/.test(String(event)) && code !== undefined;
      if (!isEnd || String(time) < since) return [];
      return [
        `${name}: ${String(event)} ${String(code)} at ${String(time)} after ${String(durationMs)} ms, ${String(agent)}: ${String(detail)}`,
      ];
    }),
  );
}

/**
 * What receivers heard that they should not have, or did not hear. Each incident is one alert, which fires once and is resolved
 * once; a message that is repeated with its id counts once. Without the store, a second gateway may tell of the same incident.
 */
function notificationProblems(
  notifications: readonly Notification[],
  incidents: number,
  mayRepeat: boolean,
): string[] {
  const problems: string[] = [];
  const messages = new Set(notifications.map(({ id, state, message }) => `${id} ${state} ${message}`));
  for (const state of ['firing', 'resolved']) {
    const alerts = new Set(notifications.flatMap((each) => (each.state === state ? [each.id] : [])));
    const told = [...messages].filter((each) => each.includes(` ${state} `)).length;
    const most = mayRepeat ? 2 * incidents : incidents;
    if (alerts.size < incidents || told > most)
      problems.push(
        `${incidents} incidents: receivers were told ${told} times that ${alerts.size} alerts are ${state}: ${notifications.map(({ subject }) => subject).join(', ')}.`,
      );
  }
  for (const id of openAlerts(notifications))
    problems.push(`Receivers were never told that the alert ${id} is resolved.`);
  return problems;
}

/** The alerts of which receivers were told that they fire, and not yet that they are resolved. */
function openAlerts(notifications: readonly Notification[]): readonly string[] {
  const open = new Set(notifications.flatMap(({ id, state }) => (state === 'firing' ? [id] : [])));
  for (const { id, state } of notifications) if (state === 'resolved') open.delete(id);
  return [...open];
}
