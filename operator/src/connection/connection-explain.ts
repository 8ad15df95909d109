import { adviceText, ExplanationResource } from '@penstock/api-schema';
import {
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  printableLine,
  type Style,
  styleFor,
  table,
} from '@penstock/terminal';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { durationText } from './log/entry-text.ts';

/** Prints why a connection works or fails. Sets the exit code to notReady unless the connection is known to be ready. */
export async function explainConnection(
  io: Io,
  name: string,
  { output, client }: { readonly output: OutputFormat; readonly client?: string | undefined },
): Promise<void> {
  const query = client === undefined ? '' : `?client=${encodeURIComponent(client)}`;
  const path = `connections/${encodeURIComponent(name)}/explain${query}`;
  const api = apiFromEnvironment(io);
  const explanation = await api.ask(ExplanationResource, 'GET', path);
  if (explanation.verdict.reach !== 'ready') io.setExitCode(exitCodes.notReady);
  if (output === 'json') {
    io.stdout.write(json(explanation));
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  const parts = [
    verdictText(explanation, style),
    clientTable(explanation, style, io),
    agentTable(explanation, style, io),
    attemptTable(explanation, style, io),
    denialTable(explanation, io),
  ];
  io.stdout.write(parts.filter((part) => part !== undefined).join('\n'));
}

function verdictText({ connection, connector, verdict, pools }: ExplanationResource, style: Style): string {
  const { reach = 'not known', message, detail } = verdict;
  const advice = adviceText(verdict);
  const mark = reach === 'ready' ? style.good : reach === 'not known' ? style.warning : style.bad;
  const counts = countsText(pools);
  const lines = [
    `${style.strong(connection)} → ${pools.map(({ name }) => name).join(', ')} → ${connector}`,
    `${mark(reach)}: ${printableLine(message)}`,
    ...(detail === undefined ? [] : [printableLine(detail)]),
    ...(advice === '' ? [] : [printableLine(advice)]),
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
      agent.skipMessage ?? 'Would be used.',
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

function attemptTable({ attempts, denials }: ExplanationResource, style: Style, io: Io): string {
  if (attempts.length === 0) {
    return denials.total === 0
      ? 'No client has connected since the gateway started.\n'
      : 'No client was admitted since the gateway started. Clients were denied: see below.\n';
  }
  const now = Date.now();
  const rows = attempts.map(({ at, client, outcome, detail, milliseconds, waitedMilliseconds, ...more }) => [
    relativeTime(at, now),
    client,
    outcome === 'ok' ? style.good(stateOf(more.connection) ?? outcome) : style.bad(outcome),
    `${Math.round(milliseconds)} ms`,
    waitedMilliseconds === 0 ? undefined : `${Math.round(waitedMilliseconds)} ms`,
    more.tries.map((each) => `${each.agent}${wayOf(each)}: ${each.outcome}`).join(', '),
    more.skipped.map(({ agent, pool, reason }) => `${agent ?? pool}: ${reason}`).join(', '),
    [detail, resumed(more.connection), lasted(at, milliseconds, more.connection)].filter(Boolean).join(' ') ||
      undefined,
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

type AttemptConnection = ExplanationResource['attempts'][number]['connection'];

/** A connection that is still open has no outcome yet. */
const stateOf = (connection: AttemptConnection) =>
  connection?.state === 'open' ? (connection.adriftSince === undefined ? 'open' : 'adrift') : undefined;

/** What became of the sessions under it. */
function resumed(connection: AttemptConnection): string | undefined {
  if (connection === undefined) return undefined;
  const { adriftSince, resumes } = connection;
  return [
    adriftSince === undefined ? undefined : 'It waits for a session of its agent.',
    resumes === 0 ? undefined : `It was resumed ${resumes === 1 ? 'once' : `${resumes} times`}.`,
  ]
    .filter((text) => text !== undefined)
    .join(' ');
}

/** How long client and target were connected, if both were and it has ended. */
function lasted(at: string, openMs: number, connection: AttemptConnection): string | undefined {
  if (connection?.state !== 'closed' || connection.endedAt === undefined) return undefined;
  return `It lasted ${durationText(Math.max(0, Date.parse(connection.endedAt) - Date.parse(at) - openMs))}.`;
}

/** Whether the client that was asked about is allowed; undefined when none was. */
function clientTable({ client }: ExplanationResource, style: Style, io: Io): string | undefined {
  if (client === undefined) return undefined;
  const rows = client.ingress.map(({ kind, listen, host, allowed, range, allow, needsGrant }) => [
    host === undefined ? `${listen} ${kind}` : `${listen} ${kind} ${host}`,
    client.address,
    allowed ? style.good(needsGrant ? 'allowed, with a grant' : 'allowed') : style.bad('denied'),
    range ?? `not in ${allow.join(', ') || 'an empty list'}`,
  ]);
  return table(['INGRESS', 'CLIENT', 'RESULT', 'BY'], rows, io);
}

/** The addresses that were denied last; undefined when no client was denied. */
function denialTable({ denials }: ExplanationResource, io: Io): string | undefined {
  if (denials.total === 0) return undefined;
  const now = Date.now();
  const counts = denials.reasons.map(({ reason, count }) => `${count} ${reason}`).join(', ');
  const rows = denials.addresses.map(({ address, at, count, reason, message, ingress }) => [
    relativeTime(at, now),
    address,
    count,
    reason,
    ingress === undefined ? message : `${message} (${ingress}; it is not known which connection was wanted)`,
  ]);
  const head = ['DENIED', 'CLIENT', { title: 'TIMES', rank: 2 }, 'REASON', { title: 'DETAIL', rank: 1 }];
  return `Clients denied since the gateway started: ${counts}.\n\n${table(head, rows, io)}`;
}

const wayOf = ({ replica }: { readonly replica?: string }) =>
  replica === undefined ? '' : ` by way of replica ${replica}`;
