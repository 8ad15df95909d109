import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import fc from 'fast-check';
import { parseRequestedHost, redactHost } from '../../src/ingress/forward-proxy/requested-host.ts';
import { readAuthority, readCredentials } from '../../src/ingress/http-connect/request-head.ts';
import { readGreeting, readPassword, readRequest } from '../../src/ingress/socks5/socks5-messages.ts';

const GRANT = 'abcdefghijklmnopqrstuvwxyz';

function bytesOf(input: Uint8Array) {
  let left = Buffer.from(input);
  return {
    take: async (count: number) => {
      assert.ok(count <= 255, 'no more than a length of one byte says');
      if (count > left.length) throw new TunnelError('CLIENT_GONE');
      const taken = left.subarray(0, count);
      left = left.subarray(count);
      return taken;
    },
  };
}

test('whatever a SOCKS5 client says, it is read or refused, and nothing strange gets on', async () => {
  const prefix = fc.constantFrom([5], [5, 1, 0], [5, 1, 0, 3], [5, 1, 0, 1], [5, 1, 0, 4], [1, 2], []);
  const input = fc
    .tuple(prefix, fc.uint8Array({ maxLength: 300 }))
    .map(([head, tail]) => Uint8Array.from([...head, ...tail]));
  await fc.assert(
    fc.asyncProperty(input, async (bytes) => {
      for (const read of [readGreeting, readPassword]) {
        await read(bytesOf(bytes)).catch((error) => assert.ok(error instanceof TunnelError));
      }
      const request = await readRequest(bytesOf(bytes)).catch((error: unknown) => {
        assert.ok(error instanceof TunnelError);
        return undefined;
      });
      if (request === undefined || 'reply' in request) return;
      assert.match(request.host, /^[A-Za-z0-9._:-]{1,255}$/);
      assert.ok(request.port >= 1 && request.port <= 65_535);
    }),
  );
});

test('a host names a connection, a connection with a grant, or a target', () => {
  assert.deepEqual(parseRequestedHost('Orders'), { name: 'orders', isName: false, grant: undefined });
  assert.deepEqual(parseRequestedHost('db.internal'), {
    name: 'db.internal',
    isName: false,
    grant: undefined,
  });
  assert.deepEqual(parseRequestedHost('orders.PENSTOCK'), { name: 'orders', isName: true, grant: undefined });
  assert.deepEqual(parseRequestedHost('orders.penstock.'), {
    name: 'orders',
    isName: true,
    grant: undefined,
  });
  assert.equal(parseRequestedHost(`orders--${GRANT}.penstock.`).grant, GRANT);
  assert.deepEqual(parseRequestedHost(`a--b.c--${GRANT.toUpperCase()}.penstock`), {
    name: 'a--b.c',
    isName: true,
    grant: GRANT,
  });
  for (const host of [`--${GRANT}.penstock`, `orders-${GRANT}.penstock`, `orders--${GRANT}a.penstock`]) {
    assert.equal(parseRequestedHost(host).grant, undefined, host);
  }
});

test('a grant that stands beside its place in a host is not shown', () => {
  for (const host of [
    `db--${GRANT}`,
    `db-${GRANT}.penstock`,
    `db--pst_grant_${GRANT}`,
    `db--${GRANT.slice(0, -1)}.penstock`,
    `${GRANT}a.example`,
  ]) {
    const shown = redactHost(parseRequestedHost(host.toUpperCase()).name);
    assert.ok(shown.includes('[redacted]') && !shown.includes(GRANT.slice(0, 8)), shown);
  }
  assert.equal(redactHost('orders-db.internal.example'), 'orders-db.internal.example');
});

test('an authority is a host and a port, and nothing else', () => {
  assert.deepEqual(readAuthority('db.internal:5432'), { host: 'db.internal', port: 5432 });
  assert.deepEqual(readAuthority('[2001:db8::1]:1'), { host: '2001:db8::1', port: 1 });
  for (const text of [
    '',
    'db',
    'db:',
    'db:0',
    'db:65536',
    ':1',
    '[db]:1',
    'a b:1',
    'a/b:1',
    'user@db:1',
    'db:1x',
  ]) {
    assert.equal(readAuthority(text), undefined, text);
  }
  fc.assert(fc.property(fc.string(), (text) => void readAuthority(text)));
});

test('credentials are those of Basic and Bearer, in either place', () => {
  const basic = (text: string) => `bAsIc ${Buffer.from(text).toString('base64')}`;
  assert.deepEqual(readCredentials(basic('user:pass:word')), ['pass:word', 'user']);
  assert.deepEqual(readCredentials(basic('alone')), ['alone']);
  assert.deepEqual(readCredentials('Bearer abc'), ['abc']);
  for (const text of [undefined, '', 'Basic', 'Digest abc', 'Bearer a b', `Bearer ${'a'.repeat(2000)}`]) {
    assert.deepEqual(readCredentials(text), [], String(text));
  }
  fc.assert(fc.property(fc.string(), (text) => void readCredentials(text)));
});
