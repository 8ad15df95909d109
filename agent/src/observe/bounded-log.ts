import { type AggregatedLog, aggregateEvents, type EventFields } from '@penstock/observe';
import type { Clock } from '@penstock/runtime';
import type { AgentLog, agentEvents } from './event.ts';

const INTERVAL_MS = 10_000;
const MAX_SOURCES = 512;

const byClient = ({ client, connection, connector, code }: EventFields) =>
  [client, connection, connector, code].join(' ');

/** The log of an agent, which the clients of the gateway cannot fill. The caller flushes it. */
export function boundedLog(log: AgentLog, clock: Clock): AggregatedLog<typeof agentEvents> {
  return aggregateEvents<typeof agentEvents>(log, {
    sources: { 'open-failed': byClient },
    intervalMs: INTERVAL_MS,
    maxSources: MAX_SOURCES,
    after: clock.after,
  });
}
