import { ExplanationResource } from '@penstock/api-schema';
import { exitCodes, type Io, json, type OutputFormat, type Style, styleFor, table } from '@penstock/terminal';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';

/** Prints why a connection works or fails. Sets the exit code to notReady unless the connection is known to be ready. */
export async function explainConnection(io: Io, name: string, output: OutputFormat): Promise<void> {
  const path = `connections/${encodeURIComponent(name)}/explain`;
  const explanation = await apiFromEnvironment(io).ask(ExplanationResource, 'GET', path);
  if (explanation.verdict.reach !== 'ready') io.setExitCode(exitCodes.notReady);
  if (output === 'json') {
    io.stdout.write(json(explanation));
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  const parts = [
    verdictText(explanation, style),
    agentTable(explanation, style, io),
    attemptTable(explanation, style, io),
  ];
  io.stdout.write(parts.join('\n'));
}

function verdictText({ connection, connector, verdict, pools }: ExplanationResource, style: Style): string {
  const { reach = 'not known', sentence, advice, detail } = verdict;
  const mark = reach === 'ready' ? style.good : reach === 'not known' ? style.warning : style.bad;
  const counts = countsText(pools);
  const lines = [
    `${style.strong(connection)} → ${pools.map(({ name }) => name).join(', ')} → ${connector}`,
    `${mark(reach)}: ${sentence}`,
    ...(detail === undefined ? [] : [detail]),
    ...(advice === '' ? [] : [advice]),
    ...(counts === undefined ? [] : [counts]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Agents by what a new client would find; undefined when every agent is usable. */
function countsText(pools: ExplanationResource['pools']): string | undefined {
  const totals = new Map<string, number>();
  for (const { counts } of pools) {
    for (const [reason, count] of Object.entries(counts))
      totals.set(reason, (totals.get(reason) ?? 0) + count);
  }
  if ([...totals.keys()].every((reason) => reason === 'usable')) return undefined;
  return `Agents: ${[...totals].map(([reason, count]) => `${count} ${reason}`).join(', ')}.`;
}

const sources = { check: 'check', client: 'client', explain: 'asked' } as const;

function agentTable({ pools }: ExplanationResource, style: Style, io: Io): string {
  const now = Date.now();
  const rows = pools.flatMap(({ name, queue, agents }) => {
    const waiting = `${queue.waiting} of ${queue.limit}`;
    if (agents.length === 0) return [[name, waiting, undefined, 'no agents enrolled']];
    return agents.map(({ evidence, ...agent }) => [
      name,
      waiting,
      agent.name,
      agent.state === 'connected' ? style.good(agent.state) : style.warning(agent.state),
      agent.skipSentence ?? 'Would be used.',
      agent.streams,
      evidence && (evidence.reach === 'ready' ? style.good(evidence.reach) : style.bad(evidence.reach)),
      evidence && `${sources[evidence.from]}, ${relativeTime(evidence.at, now)}`,
    ]);
  });
  const head = [
    'POOL',
    { title: 'QUEUE', rank: 4 },
    'AGENT',
    { title: 'STATE', rank: 2 },
    'FOR A NEW CLIENT',
    { title: 'STREAMS', rank: 5 },
    { title: 'TARGET', rank: 1 },
    { title: 'SOURCE', rank: 3 },
  ];
  return table(head, rows, io);
}

function attemptTable({ attempts }: ExplanationResource, style: Style, io: Io): string {
  if (attempts.length === 0) return 'No client has connected since the gateway started.\n';
  const now = Date.now();
  const rows = attempts.map(({ at, client, outcome, detail, milliseconds, waitedMilliseconds, ...more }) => [
    relativeTime(at, now),
    client,
    outcome === 'ok' ? style.good(outcome) : style.bad(outcome),
    `${Math.round(milliseconds)} ms`,
    waitedMilliseconds === 0 ? undefined : `${Math.round(waitedMilliseconds)} ms`,
    more.tries.map((each) => `${each.agent}: ${each.outcome}`).join(', '),
    more.skipped.map(({ agent, pool, reason }) => `${agent ?? pool}: ${reason}`).join(', '),
    detail,
  ]);
  const head = [
    'ATTEMPT',
    { title: 'CLIENT', rank: 3 },
    'OUTCOME',
    { title: 'TOOK', rank: 4 },
    { title: 'WAITED', rank: 5 },
    'TRIED',
    { title: 'SKIPPED', rank: 1 },
    { title: 'DETAIL', rank: 2 },
  ];
  return table(head, rows, io);
}
