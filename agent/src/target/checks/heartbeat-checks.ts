import type { CheckedConnector } from './connector-checks.ts';

/** Bytes of a heartbeat that checks may take; with the longest names 500 of them fit when they are bare. */
const BUDGET = 62 * 1024;
/** Bytes of `"milliseconds":12345.6,` and of `"detail":"",` at most. */
const MILLISECONDS_BYTES = 24;
const DETAIL_BYTES = 12;

/**
 * Checks as a heartbeat can carry them: all are told, and their details as far as there is room, those of failing
 * connectors first. A heartbeat that is too long would be none at all.
 */
export function heartbeatChecks(found: readonly CheckedConnector[]): CheckedConnector[] {
  const bare = found.map(({ connector, reach, at }) => ({ connector, reach, at }));
  let room = BUDGET - Buffer.byteLength(JSON.stringify(bare));
  const told = new Map<string, CheckedConnector>();
  const byNeed = found.toSorted(
    (one, other) => Number(one.reach === 'ready') - Number(other.reach === 'ready'),
  );
  for (const { connector, reach, at, milliseconds, detail } of byNeed) {
    const withTime = milliseconds !== undefined && room >= MILLISECONDS_BYTES;
    if (withTime) room -= MILLISECONDS_BYTES;
    const size = detail === undefined ? 0 : Buffer.byteLength(JSON.stringify(detail)) + DETAIL_BYTES;
    const withDetail = detail !== undefined && room >= size;
    if (withDetail) room -= size;
    told.set(connector, {
      connector,
      reach,
      at,
      ...(withTime && { milliseconds }),
      ...(withDetail && { detail }),
    });
  }
  return found.flatMap(({ connector }) => told.get(connector) ?? []);
}
