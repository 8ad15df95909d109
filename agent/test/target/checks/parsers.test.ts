import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CheckFailure } from '../../../src/target/checks/check-failure.ts';
import { parseStatusLine } from '../../../src/target/checks/http.ts';
import { parseHeader } from '../../../src/target/checks/mongodb.ts';
import { parseGreeting } from '../../../src/target/checks/mysql.ts';
import { parseReply } from '../../../src/target/checks/redis.ts';
import { parsePrelogin } from '../../../src/target/checks/sqlserver.ts';

const parsers = { parseStatusLine, parseHeader, parseGreeting, parseReply, parsePrelogin };

/** A PRELOGIN answer of SQL Server 16.0.1000 that encrypts the login. */
const PRELOGIN = Buffer.from([
  ...[0x04, 1, 0, 26, 0, 0, 1, 0],
  ...[0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff],
  ...[16, 0, 3, 232, 0, 0, 0],
]);
const GREETING = Buffer.concat([Buffer.from([22, 0, 0, 0, 10]), Buffer.from('8.4.0\0'), Buffer.alloc(15, 1)]);
const HEADER = Buffer.from([200, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0xdd, 7, 0, 0]);

describe('an answer', () => {
  const good: readonly (readonly [keyof typeof parsers, Buffer, string])[] = [
    ['parseStatusLine', Buffer.from('HTTP/1.1 404 Not Found\r\n'), 'HTTP 404'],
    ['parseHeader', HEADER, 'MongoDB'],
    ['parseGreeting', GREETING, 'MySQL 8.4.0'],
    ['parseReply', Buffer.from('+PONG\r\n'), 'Redis'],
    ['parseReply', Buffer.from('-NOAUTH Authentication required.\r\n'), 'Redis, requires a password'],
    ['parsePrelogin', PRELOGIN, 'SQL Server 16.0.1000, encrypts the login'],
  ];
  for (const [name, bytes, expected] of good) {
    test(`is parsed by ${name} once it is complete: ${expected}`, () => {
      assert.equal(parsers[name](bytes), expected);
      for (let length = 1; length < bytes.length; length += 1) {
        assert.equal(parsers[name](bytes.subarray(0, length)), undefined, `${length} bytes`);
      }
    });
  }

  const foreign: readonly (readonly [keyof typeof parsers, Buffer])[] = [
    ['parseStatusLine', Buffer.from('SSH-2.0-OpenSSH_9\r\n')],
    ['parseStatusLine', Buffer.from('HTTP/9.9 999 x\r\n')],
    ['parseHeader', Buffer.from('HTTP/1.1 400 Bad')],
    ['parseGreeting', Buffer.from([3, 0, 0, 0, 9, 0, 0])],
    ['parseGreeting', Buffer.from([255, 255, 255, 0, 10])],
    ['parseReply', Buffer.from('+OK\r\n')],
    ['parseReply', Buffer.from('HTTP/1.1 400\r\n')],
    ['parsePrelogin', Buffer.from([0x15, 3, 3, 0, 2, 2, 40, 0])],
    ['parsePrelogin', Buffer.from([4, 1, 0, 9, 0, 0, 1, 0, 0xff])],
  ];
  for (const [name, bytes] of foreign) {
    test(`from another service is rejected by ${name}: ${bytes.toString('latin1').trim()}`, () => {
      assert.throws(() => parsers[name](bytes), { name: 'CheckFailure', reach: 'protocol' });
    });
  }

  test('that rejects this host is reported as such', () => {
    const blocked = Buffer.concat([Buffer.from([7, 0, 0, 0, 0xff, 0x69, 0x04]), Buffer.from('HY000')]);
    assert.throws(() => parseGreeting(blocked.subarray(0, 11)), { reach: 'refused', message: /1129/ });
    assert.throws(() => parseReply(Buffer.from('-DENIED Redis is running\r\n')), { reach: 'refused' });
  });
});

test('a parser accepts any bytes, waits for more, or rejects them', () => {
  const start = fc.constantFrom('', 'HTTP/', '+', '-', '\x04\x01', 'J\0\0\0\n', '\xc8\0\0\0');
  const bytes = fc
    .tuple(start, fc.uint8Array({ maxLength: 300 }))
    .map(([text, rest]) => Buffer.concat([Buffer.from(text, 'latin1'), rest]));
  fc.assert(
    fc.property(bytes, fc.constantFrom(...Object.values(parsers)), (input, parse) => {
      if (input.length === 0) return;
      try {
        const answer = parse(input);
        assert.ok(answer === undefined || /^[\x20-\x7e]{1,200}$/.test(answer), String(answer));
      } catch (error) {
        assert.ok(error instanceof CheckFailure, String(error));
      }
    }),
  );
});
