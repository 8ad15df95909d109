import { setImmediate } from 'node:timers/promises';
import { type AgentAnswer, type AgentArguments, limits } from '@penstock/wire';
import type { RecentLine, RecentLogs } from './recent-logs.ts';
import type { KnownSecrets } from './redaction/known-secrets.ts';
import { NotRedactable, Redactor } from './redaction/redactor.ts';

/** What the rest of the answer may take. */
const ENVELOPE_BYTES = 64 * 1024;
/** Milliseconds of work before other work has its turn: bytes of clients go through the same thread. */
const SLICE = 5;

/**
 * The newest lines, redacted. A line that cannot be redacted for sure is left out, with the reason and never with its
 * text. Rejects with the signal's reason.
 */
export async function logBundle(
  recent: Pick<RecentLogs, 'newest'>,
  known: KnownSecrets,
  { limit, level = 'info' }: AgentArguments<'logs'>,
  signal: AbortSignal,
): Promise<AgentAnswer<'logs'>> {
  const redactor = new Redactor(known);
  const leftOut: Record<string, number> = {};
  const lines: unknown[] = [];
  const kept = [...recent.newest(level)].slice(0, limit);
  let room = limits.resultBodyBytes - ENVELOPE_BYTES;
  let sliceEnds = performance.now() + SLICE;
  for (const [index, line] of kept.entries()) {
    const outcome = redactLine(redactor, line);
    if ('leftOut' in outcome) leftOut[outcome.leftOut] = (leftOut[outcome.leftOut] ?? 0) + 1;
    else {
      room -= Buffer.byteLength(JSON.stringify(outcome.value)) + 1;
      if (room < 0) {
        leftOut['no room in one answer'] = kept.length - index;
        break;
      }
      lines.push(outcome.value);
    }
    if (performance.now() < sliceEnds) continue;
    await setImmediate();
    signal.throwIfAborted();
    sliceEnds = performance.now() + SLICE;
  }
  return { lines: lines.reverse(), redactions: { ...redactor.hits }, leftOut };
}

function redactLine(
  redactor: Redactor,
  line: RecentLine,
): { readonly value: unknown } | { readonly leftOut: string } {
  if ('leftOut' in line) return line;
  try {
    return { value: redactor.redact(JSON.parse(line.text)) };
  } catch (error) {
    return { leftOut: error instanceof NotRedactable ? error.message : 'not readable as JSON' };
  }
}
