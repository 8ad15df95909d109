import { type AggregatedLog, aggregateEvents, type EventFields, type SourceOf } from '@penstock/observe';
import { type Clock, sourceAddressKey } from '@penstock/runtime';
import type { GatewayLog, gatewayEvents } from './event-catalogue.ts';

const INTERVAL_MS = 10_000;
const MAX_SOURCES = 512;

/** Counts by source address and by the named fields, which must have few different values. */
const by =
  (address: string, ...names: readonly string[]): SourceOf =>
  (fields: EventFields) =>
    [sourceAddressKey(String(fields[address] ?? '')), ...names.map((name) => fields[name] ?? '')].join(' ');

/** Everything that a peer without an identity, or a client, can cause as often as it likes. */
const sources = {
  'accept-failed': by('address', 'listener', 'connection'),
  'agent-refused': by('address', 'code'),
  'client-denied': by('client', 'connection', 'ingress', 'code', 'reason'),
  'client-left': by('client', 'connection', 'ingress'),
  'connection-failed': by('client', 'connection', 'code'),
  'connection-retried': by('client', 'connection', 'code'),
  'peer-misbehaved': by('address'),
  'request-failed': by('address', 'method'),
  'session-refused': by('address', 'agentId', 'code'),
} satisfies Partial<Record<keyof typeof gatewayEvents, SourceOf>>;

/** The log of a gateway, which strangers cannot fill. The caller flushes it. */
export function boundedLog(log: GatewayLog, clock: Clock): AggregatedLog<typeof gatewayEvents> {
  return aggregateEvents<typeof gatewayEvents>(log, {
    sources,
    intervalMs: INTERVAL_MS,
    maxSources: MAX_SOURCES,
    after: clock.after,
  });
}
