import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import fc from 'fast-check';
import { readGreeting, readPassword, readRequest } from '../../../src/ingress/socks5/socks5-messages.ts';

function readerOf(input: Uint8Array) {
  let rest = Buffer.from(input);
  return {
    read: async (count: number) => {
      assert.ok(count <= 255, 'no length exceeds one byte');
      if (count > rest.length) throw new TunnelError('CLIENT_GONE');
      const bytes = rest.subarray(0, count);
      rest = rest.subarray(count);
      return bytes;
    },
  };
}

test('arbitrary bytes are read or rejected, and a request has only a safe host and a valid port', async () => {
  const prefix = fc.constantFrom([5], [5, 1, 0], [5, 1, 0, 3], [5, 1, 0, 1], [5, 1, 0, 4], [1, 2], []);
  const input = fc
    .tuple(prefix, fc.uint8Array({ maxLength: 300 }))
    .map(([head, tail]) => Uint8Array.from([...head, ...tail]));
  await fc.assert(
    fc.asyncProperty(input, async (bytes) => {
      for (const read of [readGreeting, readPassword]) {
        await read(readerOf(bytes)).catch((error) => assert.ok(error instanceof TunnelError));
      }
      const request = await readRequest(readerOf(bytes)).catch((error: unknown) => {
        assert.ok(error instanceof TunnelError);
        return undefined;
      });
      if (request === undefined || 'reply' in request) return;
      assert.match(request.host, /^[A-Za-z0-9._:-]{1,255}$/);
      assert.ok(request.port >= 1 && request.port <= 65_535);
    }),
  );
});
