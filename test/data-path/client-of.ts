import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import type { Pair } from '../rig/pair.ts';
import { receive } from '../rig/pseudorandom.ts';

/** A client of a connection, as soon as the gateway has accepted it. */
export function clientOf(pair: Pair, connection: string): Promise<TestClient> {
  return TestClient.connect({ host: '127.0.0.1', port: pair.port(connection) });
}

/** A client that is reset without a byte: as soon as it connects, or before it even knows that it has. */
export async function expectReset(pair: Pair, connection: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: pair.port(connection) });
  const { bytes, ended } = await deadline('the reset', receive(socket), 15_000);
  assert.deepEqual({ bytes, ended }, { bytes: 0, ended: 'reset' });
}
