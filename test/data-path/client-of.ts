import { TestClient } from '../rig/client.ts';
import type { Pair } from '../rig/pair.ts';

/** A client of a connection, as soon as the gateway has accepted it. */
export function clientOf(pair: Pair, connection: string): Promise<TestClient> {
  return TestClient.connect({ host: '127.0.0.1', port: pair.port(connection) });
}
