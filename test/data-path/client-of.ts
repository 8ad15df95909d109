import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import type { Pair } from '../rig/pair.ts';
import { receive } from '../rig/pseudorandom.ts';

/** Connects a client to a connection. Resolves when the gateway has accepted it. */
export function clientOf(pair: Pair, connection: string): Promise<TestClient> {
  return TestClient.connect({ host: '127.0.0.1', port: pair.port(connection) });
}

/** Asserts that a client is reset without receiving a byte, possibly before its connect has completed. */
export async function expectReset(pair: Pair, connection: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: pair.port(connection) });
  const { bytes, ended } = await deadline('the reset', receive(socket), 15_000);
  assert.deepEqual({ bytes, ended }, { bytes: 0, ended: 'reset' });
}
