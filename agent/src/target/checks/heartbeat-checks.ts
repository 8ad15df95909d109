import type { ConnectorCheckResult } from './connector-checks.ts';

/** Space for checks in a heartbeat. It fits 500 results with the longest names and no details. */
const MAX_BYTES = 62 * 1024;
/** Maximum size of `"milliseconds":12345.6,` and of `"detail":"",`. */
const MILLISECONDS_BYTES = 24;
const DETAIL_OVERHEAD_BYTES = 12;

/**
 * The check results as they fit a heartbeat: all of them, with details as far as there is space, failing connectors first. A
 * heartbeat that is too long could not be sent at all.
 */
export function heartbeatChecks(results: readonly ConnectorCheckResult[]): ConnectorCheckResult[] {
  const bare = results.map(({ connector, reach, at }) => ({ connector, reach, at }));
  let availableBytes = MAX_BYTES - Buffer.byteLength(JSON.stringify(bare));
  const fitted = new Map<string, ConnectorCheckResult>();
  const failingFirst = results.toSorted(
    (one, other) => Number(one.reach === 'ready') - Number(other.reach === 'ready'),
  );
  for (const { connector, reach, at, milliseconds, detail } of failingFirst) {
    const withTime = milliseconds !== undefined && availableBytes >= MILLISECONDS_BYTES;
    if (withTime) availableBytes -= MILLISECONDS_BYTES;
    const size = detail === undefined ? 0 : Buffer.byteLength(JSON.stringify(detail)) + DETAIL_OVERHEAD_BYTES;
    const withDetail = detail !== undefined && availableBytes >= size;
    if (withDetail) availableBytes -= size;
    fitted.set(connector, {
      connector,
      reach,
      at,
      ...(withTime && { milliseconds }),
      ...(withDetail && { detail }),
    });
  }
  return results.flatMap(({ connector }) => fitted.get(connector) ?? []);
}
