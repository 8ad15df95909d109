import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PendingHandshakes } from '../../src/ingress/pending-handshakes.ts';

const LIMIT = 8;

test('clients that keep their handshakes half open shut nobody else out: their oldest goes first', () => {
  const handshakes = new PendingHandshakes(() => ({ pendingHandshakes: LIMIT, handshakeTimeout: 60_000 }));
  const flood = ['192.0.2.1', '192.0.2.2'].flatMap((address) =>
    Array.from({ length: LIMIT / 2 }, () => handshakes.begin(address)),
  );
  assert.equal(handshakes.count, LIMIT);
  const honest = handshakes.begin('192.0.2.3');
  assert.equal(handshakes.count, LIMIT);
  assert.match(String(flood[0]?.signal.reason), /limits\.pendingHandshakes \(8\)/);
  assert.equal(flood.filter(({ signal }) => signal.aborted).length, 1);
  for (let refill = 0; refill < 100; refill += 1) {
    try {
      flood.push(handshakes.begin(`192.0.2.${1 + (refill % 2)}`));
    } catch {
      // It holds its half.
    }
  }
  assert.equal(honest.signal.aborted, false, 'whatever they refill');
  assert.equal(handshakes.count, LIMIT);
  honest.end();
  handshakes.abortAll('CLIENT_DENIED');
  for (const { end } of flood) end();
});
