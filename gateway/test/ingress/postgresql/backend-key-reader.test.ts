import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackendKeyReader } from '../../../src/ingress/postgresql/backend-key-reader.ts';

function message(type: string, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.write(type, 0, 'latin1');
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

const KEY = Buffer.from([0, 0, 4, 210, 9, 8, 7, 6]);
const AUTHENTICATED = [message('R', Buffer.alloc(4)), message('S', Buffer.from('TimeZone\0UTC\0'))];
const READY = message('Z', Buffer.from('I'));

/** The key found in the bytes of a server that arrive cut at these offsets. */
function keyOf(bytes: Buffer, cuts: readonly number[] = []): Buffer | undefined {
  const reader = new BackendKeyReader();
  let key: Buffer | undefined;
  let from = 0;
  for (const to of [...cuts, bytes.length].toSorted((one, two) => one - two)) {
    key ??= reader.push(bytes.subarray(from, to));
    from = to;
  }
  return key;
}

test('the key is found however the bytes are fragmented', () => {
  const long = Buffer.alloc(260, 3);
  for (const key of [KEY, long]) {
    const bytes = Buffer.concat([...AUTHENTICATED, message('K', key), READY]);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) =>
        assert.deepEqual(keyOf(bytes, cuts), key),
      ),
    );
  }
});

test('reading stops at a missing key, an invalid key, and the byte limit', () => {
  assert.equal(keyOf(Buffer.concat([...AUTHENTICATED, READY, message('K', KEY)])), undefined);
  assert.equal(keyOf(message('K', Buffer.alloc(7))), undefined);
  assert.equal(keyOf(message('K', Buffer.alloc(261))), undefined);
  const reader = new BackendKeyReader();
  for (let sent = 0; !reader.isDone; sent += 1) {
    assert.ok(sent < 300);
    reader.push(message('S', Buffer.alloc(1024)));
  }
});

test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
      const reader = new BackendKeyReader();
      for (const piece of pieces) reader.push(Buffer.from(piece));
    }),
  );
});
