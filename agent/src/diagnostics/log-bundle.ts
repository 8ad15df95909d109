import { setImmediate } from 'node:timers/promises';
import { type AgentAnswer, type AgentArguments, limits, RequestError } from '@penstock/wire';
import type { RecentLine, RecentLogs } from './recent-logs.ts';
import type { KnownSecrets } from './redaction/known-secrets.ts';
import { NotRedactable, Redactor } from './redaction/redactor.ts';

/** Space for the rest of the answer. */
const ENVELOPE_BYTES = 64 * 1024;
/** Time after which the work yields, because client data passes through the same thread. */
const SLICE_MS = 5;

/**
 * The newest lines, redacted. A line that cannot be redacted reliably is omitted and counted by reason, never by its text.
 * Rejects with the signal's reason.
 */
export async function logBundle(
  recent: Pick<RecentLogs, 'newest'>,
  known: KnownSecrets,
  { limit, level = 'info', since, text }: AgentArguments<'logs'>,
  signal: AbortSignal,
): Promise<AgentAnswer<'logs'>> {
  const redactor = new Redactor(known);
  const omitted: Record<string, number> = {};
  const lines: unknown[] = [];
  const candidates = [...recent.newest(level)].filter(isSince(since));
  // Only redacted lines are searched: otherwise a search would tell whether a secret contains something.
  const selected = text === undefined ? candidates.slice(0, limit) : candidates;
  const contains = text === undefined ? () => true : containing(text);
  let availableBytes = limits.resultBodyBytes - ENVELOPE_BYTES;
  let sliceEnds = performance.now() + SLICE_MS;
  for (const [index, line] of selected.entries()) {
    const outcome = redactLine(redactor, line);
    if ('omitted' in outcome) omitted[outcome.omitted] = (omitted[outcome.omitted] ?? 0) + 1;
    else if (contains(outcome.value)) {
      availableBytes -= Buffer.byteLength(JSON.stringify(outcome.value)) + 1;
      if (availableBytes < 0) {
        omitted['no space left in the answer'] = selected.length - index;
        break;
      }
      lines.push(outcome.value);
      if (lines.length === limit) break;
    }
    if (performance.now() < sliceEnds) continue;
    await setImmediate();
    signal.throwIfAborted();
    sliceEnds = performance.now() + SLICE_MS;
  }
  return { lines: lines.reverse(), redactions: { ...redactor.hits }, omitted };
}

/** Whether a line is from this time on. One without a readable time is. */
function isSince(since: string | undefined): (line: RecentLine) => boolean {
  if (since === undefined) return () => true;
  const from = Date.parse(since);
  if (Number.isNaN(from)) throw new RequestError('REQUEST_MALFORMED', 'since is not a time (RFC 3339).');
  return (line) => {
    const [, time = ''] = 'text' in line ? (/^\{"time":"([^"]{1,40})"/.exec(line.text) ?? []) : [];
    return !(Date.parse(time) < from);
  };
}

function containing(text: string): (line: unknown) => boolean {
  const wanted = text.toLowerCase();
  return (line) => JSON.stringify(line).toLowerCase().includes(wanted);
}

function redactLine(
  redactor: Redactor,
  line: RecentLine,
): { readonly value: unknown } | { readonly omitted: string } {
  if ('omitted' in line) return line;
  try {
    return { value: redactor.redact(JSON.parse(line.text)) };
  } catch (error) {
    return { omitted: error instanceof NotRedactable ? error.message : 'not valid JSON' };
  }
}
