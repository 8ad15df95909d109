import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import fc from 'fast-check';
import type { ClientSource } from '../../src/ingress/client-source.ts';
import { readProxyHeader } from '../../src/ingress/proxy-protocol.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

type Outcome = {
  readonly source: ClientSource | 'local' | 'unknown' | 'invalid' | 'incomplete';
  readonly left: number;
};

/** What is read from these bytes, and how many remain unread. */
async function outcomeOf(input: Buffer | string): Promise<Outcome> {
  let left = Buffer.from(input);
  const read = async (count: number) => {
    if (count > left.length) throw new TunnelError('CLIENT_GONE');
    const bytes = left.subarray(0, count);
    left = left.subarray(count);
    return bytes;
  };
  try {
    const header = await readProxyHeader({ read });
    return { source: header.is === 'client' ? header.source : header.is, left: left.length };
  } catch (error) {
    assert.ok(error instanceof TunnelError);
    return { source: error.code === 'CLIENT_GONE' ? 'incomplete' : 'invalid', left: left.length };
  }
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('version 1 has an IPv4 address, an IPv6 address or none, and no client byte is consumed', async () => {
  const client = { address: '192.0.2.1', port: 40_000 };
  const line = 'PROXY TCP4 192.0.2.1 10.0.0.1 40000 5432\r\n';
  assert.deepEqual(await outcomeOf(`${line}hello`), { source: client, left: 5 });
  assert.deepEqual(await outcomeOf('PROXY TCP6 2001:db8::1 ::1 1 2\r\n'), {
    source: { address: '2001:db8::1', port: 1 },
    left: 0,
  });
  assert.deepEqual(await outcomeOf('PROXY UNKNOWN ffff::1 ::1 1 2\r\nx'), { source: 'unknown', left: 1 });
  assert.deepEqual((await outcomeOf('PROXY TCP6 ::ffff:10.2.0.1 ::1 1 2\r\n')).source, {
    address: '10.2.0.1',
    port: 1,
  });
  for (const length of [1, 5, line.length - 1]) {
    assert.equal((await outcomeOf(line.slice(0, length))).source, 'incomplete');
  }
});

test('version 2 has an IPv4 address, an IPv6 address or none, and its TLVs are ignored', async () => {
  const ipv4 = `${SIGNATURE} 21 11 000c c0000201 0a000001 9c40 1538`;
  assert.deepEqual(await outcomeOf(hex(`${ipv4} 6869`)), {
    source: { address: '192.0.2.1', port: 40_000 },
    left: 2,
  });
  const withTlv = `${SIGNATURE} 21 11 0010 c0000201 0a000001 9c40 1538 04 0001 00`;
  assert.deepEqual(await outcomeOf(hex(withTlv)), {
    source: { address: '192.0.2.1', port: 40_000 },
    left: 0,
  });
  const ipv6 = `${SIGNATURE} 21 21 0024 20010db8${'0'.repeat(23)}1 ${'0'.repeat(31)}1 0001 0002`;
  assert.deepEqual(await outcomeOf(hex(ipv6)), { source: { address: '2001:db8::1', port: 1 }, left: 0 });
  const mapped = `${SIGNATURE} 21 21 0024 ${'0'.repeat(20)}ffff0a020001 ${'0'.repeat(31)}1 0001 0002`;
  assert.deepEqual((await outcomeOf(hex(mapped))).source, { address: '10.2.0.1', port: 1 });
  const withoutAddress = {
    '20 00 0000': 'local',
    '21 00 0000': 'unknown',
    '20 11 000c c0000201 0a000001 9c40 1538': 'local',
  };
  for (const [rest, source] of Object.entries(withoutAddress)) {
    assert.deepEqual(await outcomeOf(hex(`${SIGNATURE} ${rest}`)), { source, left: 0 }, rest);
  }
  const unix = `${SIGNATURE} 21 31 00d8 ${'00'.repeat(216)}`;
  assert.deepEqual(await outcomeOf(hex(unix)), { source: 'unknown', left: 0 });
});

test('invalid headers are rejected early', async () => {
  for (const input of [
    'GET / HTTP/1.1\r\n',
    'PROXY TCP4 192.0.2.1\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 99999 2\r\n',
    'PROXY TCP4 300.0.2.1 10.0.0.1 1 2\r\n',
    `PROXY TCP4 ${'1'.repeat(200)}`,
    hex(`${SIGNATURE} 11 11 0000`),
    hex(`${SIGNATURE} 22 11 0000`),
    hex(`${SIGNATURE} 21 11 ffff`),
    hex(`${SIGNATURE} 21 11 0004 00000000`),
    hex('0d0a0d0a000d0a515549540b'),
  ]) {
    assert.equal((await outcomeOf(input)).source, 'invalid', String(input));
  }
});

test('no more bytes are read than a header can have', async () => {
  const headers = fc.constantFrom(
    Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 40000 5432\r\n'),
    hex(`${SIGNATURE} 21 11 000c c0000201 0a000001 9c40 1538`),
  );
  const edited = fc
    .tuple(headers, fc.nat(60), fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 64 }))
    .map(([header, at, bytes, tail]) =>
      Buffer.concat([header.subarray(0, at), bytes, header.subarray(at + bytes.length), tail]),
    );
  const anything = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  await fc.assert(
    fc.asyncProperty(fc.oneof(edited, anything), async (input) => {
      const { source, left } = await outcomeOf(input);
      assert.ok(input.length - left <= 16 + 4096);
      if (typeof source === 'object') assert.match(source.address, /^[0-9a-f:.]+$/i);
    }),
  );
});
