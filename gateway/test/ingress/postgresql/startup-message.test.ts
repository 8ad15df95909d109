import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readStartupMessage } from '../../../src/ingress/postgresql/startup-message.ts';
import { readStartupPacket } from '../../../src/ingress/postgresql/startup-packet.ts';

function startup(parameters: Readonly<Record<string, string>>, end = '\0'): Buffer {
  const body = Object.entries(parameters)
    .map(([name, value]) => `${name}\0${value}\0`)
    .join('');
  const bytes = Buffer.alloc(8 + body.length + end.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(196_608, 4);
  bytes.write(body + end, 8, 'latin1');
  return bytes;
}

const read = (options: string) => {
  const message = readStartupMessage(startup({ user: 'jane', options, database: 'd' }));
  return message && { connection: message.connection, bytes: message.bytes.toString('latin1', 8) };
};
const forwarded = (options: string) =>
  `user\0jane\0${options === '' ? '' : `options\0${options}\0`}database\0d\0\0`;

test('penstock.connection is parsed as PostgreSQL parses options, and removed', () => {
  for (const [options, rest] of [
    ['-c penstock.connection=orders', ''],
    ['-cpenstock.connection=orders', ''],
    ['--penstock.connection=orders', ''],
    ['-c geqo=off -c penstock.connection=orders -c work_mem=4MB', '-c geqo=off -c work_mem=4MB'],
    ['-c penstock.connection=first --penstock.connection=orders', ''],
  ] as const) {
    assert.deepEqual(read(options), { connection: 'orders', bytes: forwarded(rest) }, options);
  }
});

test('options without penstock.connection are forwarded unchanged', () => {
  for (const options of [
    '-c geqo=off',
    '-c xpenstock.connection=a',
    '-c a.b=penstock.connection=c',
    'é\xff',
  ]) {
    assert.deepEqual(read(options), { connection: undefined, bytes: forwarded(options) });
  }
  const plain = startup({ user: 'jane' });
  assert.deepEqual(readStartupMessage(plain), { connection: undefined, bytes: plain });
});

test('invalid and duplicate parameters are rejected', () => {
  assert.equal(readStartupMessage(startup({ user: 'jane' }, '')), undefined);
  assert.equal(readStartupMessage(startup({ user: 'jane' }, '\0x')), undefined);
  assert.equal(readStartupMessage(startup({ user: 'jane' }, 'user\0joe\0\0')), undefined);
});

test('arbitrary bytes never throw, and the forwarded message is a valid packet', () => {
  const text = fc.stringMatching(/^[a-z =.-]{0,40}$/);
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), text), text, (parameters, more) => {
      const options = `${more} -c penstock.connection=x`;
      const message = readStartupMessage(startup({ ...parameters, options }));
      assert.equal(message?.connection, 'x');
      assert.deepEqual(readStartupPacket(message.bytes), { is: 'startup', bytes: message.bytes });
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      readStartupMessage(Buffer.concat([startup({}, '').subarray(0, 8), bytes]));
    }),
  );
});
