import { usePools } from '../config/config-api.ts';
import { useAttention } from '../fleet/fleet-api.ts';
import { type JudgedConnection, judgeConnection } from './connection-health.ts';
import { useConnections } from './use-connections.ts';

/** All connections, judged; undefined until everything that the judgment needs has been read once. */
export function useConnectionHealth(): readonly JudgedConnection[] | undefined {
  const connections = useConnections();
  const pools = usePools();
  const attention = useAttention();
  if (connections.data === undefined || pools.data === undefined || attention.data === undefined) {
    return undefined;
  }
  const conditions = attention.data.items;
  const all = pools.data.items;
  return connections.data.items.map((each) => judgeConnection(each, all, conditions));
}
