import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../src/field/duration.ts';
import { type FieldKindName, fieldKinds } from '../src/field/field-kind.ts';
import { formatHostPort, parseAddress, parseListenAddress } from '../src/field/host-port.ts';
import { formatProbeRule, parseProbeRule } from '../src/field/probe-rule.ts';
import { formatSize, parseSize } from '../src/field/size.ts';
import { parseGatewayUrl } from '../src/field/url.ts';

const PIN = `sha256/${Buffer.alloc(32, 7).toString('base64')}`;

/** Texts each field accepts, and texts it refuses. */
const examples: Partial<Record<FieldKindName, { accepts: readonly string[]; refuses: readonly string[] }>> = {
  name: {
    accepts: ['a', '0', 'orders-db', 'A.b_c-d', 'x'.repeat(63)],
    refuses: ['', '-a', '.a', 'a b', 'ä', 'a/b', 'a\n', 'x'.repeat(64)],
  },
  duration: {
    accepts: ['0s', '500ms', '30s', '5m', '24h', '7d', '999999999ms'],
    refuses: ['', '30', '1.5s', '-1s', '1 s', '1h30m', '1S', '1w', '9999999999s', '1s\n'],
  },
  size: { accepts: ['0B', '512B', '64KiB', '1GiB'], refuses: ['', '64', '64KB', '64kib', '1TiB', '1.5MiB'] },
  address: {
    accepts: [
      'db:5432',
      'a.b-c.internal:1',
      'some_service:65535',
      '10.0.0.5:5432',
      '[2001:db8::1]:5432',
      '[::]:1',
    ],
    refuses: [
      'db',
      'db:',
      ':5432',
      'db:0',
      'db:65536',
      '::1:5432',
      '2001:db8::1',
      '[db]:1',
      '[10.0.0.1]:1',
      '256.1.1.1:1',
      '10.1:1',
      '-a:1',
      'a b:1',
      'http://db:1',
      'db:1/',
      'db:5x',
      '[::1]',
      'db..x:1',
      `${'a'.repeat(64)}:1`,
    ],
  },
  listen: {
    accepts: ['127.0.0.1:0', '0.0.0.0:8443', '[::1]:0', 'localhost:80'],
    refuses: ['*:80', ':80', '80', '127.0.0.1'],
  },
  cidr: {
    accepts: [
      '10.0.0.0/8',
      '0.0.0.0/0',
      '127.0.0.1/32',
      '::/0',
      'fd00::/8',
      '2001:db8::1/128',
      '2001:DB8:0:0::/64',
    ],
    refuses: [
      '10.0.0.0',
      '::1',
      '10.0.0.0/33',
      '10.0.0.1/8',
      'fd00::1/8',
      '::/129',
      '10.0/8',
      'all',
      '/8',
      '10.0.0.0/',
      'fe80::1%eth0/128',
    ],
  },
  certificatePin: {
    accepts: [PIN],
    refuses: [
      '',
      PIN.slice(7),
      PIN.replace('=', ''),
      PIN.replace('sha256', 'sha1'),
      `${PIN}=`,
      PIN.replace(/.=$/, 'B='),
      PIN.replace(/\w/g, '-'),
    ],
  },
  gatewayUrl: {
    accepts: [
      'https://gateway.example.com',
      'https://gateway.example.com:8443/',
      'https://[::1]:8443',
      'https://10.0.0.1',
    ],
    refuses: [
      'http://gateway',
      'gateway:8443',
      'https://',
      'https://a@gateway',
      'https://gateway/tunnel',
      'https://gateway?x',
      'https://gateway:0',
      'https://gate way',
      ' https://gateway',
    ],
  },
  proxy: {
    accepts: ['env', 'none', 'http://proxy:3128', 'https://user@proxy.example.com'],
    refuses: ['', 'system', 'proxy:3128', 'socks5://proxy', 'http:proxy', ' http://proxy'],
  },
  store: {
    accepts: ['embedded', 'postgresql://db/penstock', 'postgres://user@db:5432/penstock?sslmode=require'],
    refuses: ['', 'sqlite', 'mysql://db/x', 'postgresql:db', 'postgresql:///penstock'],
  },
  webhook: { accepts: ['https://hooks.example.com/a'], refuses: ['', 'hooks.example.com', 'ftp://a'] },
  probeRule: {
    accepts: [
      'db.internal:5432',
      '*.internal:5432',
      '*:443',
      '10.0.0.0/8:1-65535',
      '10.0.0.1:22',
      '[fd00::]/8:443',
      '[::1]:1-2',
    ],
    refuses: [
      'db.internal',
      'db:0',
      'db:2-1',
      'db:1-65536',
      'a.*.b:1',
      '**:1',
      '10.0.0.1/8:1',
      'fd00::/8:443',
      '[db]:1',
      ':1',
      'db:http',
    ],
  },
  certificate: {
    accepts: [],
    refuses: ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
  },
  privateKey: {
    accepts: [],
    refuses: ['', 'x', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
  },
  text: { accepts: ['x', ' x '], refuses: ['', ' ', '\t\n', 'a\0b'] },
};

describe('a field', () => {
  for (const [kind, { accepts, refuses }] of Object.entries(examples)) {
    const { parse, pattern, literal } = fieldKinds[kind as FieldKindName];
    test(`of kind ${kind} accepts what it should, as editors do`, () => {
      for (const text of accepts) {
        assert.ok(parse(text).ok, text);
        if (literal !== 'reference') assert.match(text, new RegExp(pattern, 'u'));
      }
    });
    test(`of kind ${kind} refuses the rest`, () => {
      assert.ok(refuses.length > 0);
      for (const text of refuses) {
        assert.ok(!parse(text).ok, text);
      }
    });
  }

  test('of any kind refuses a text without repeating it', () => {
    for (const [kind, { parse }] of Object.entries(fieldKinds)) {
      for (const text of [
        'c4n4ry S3cr3t',
        'https://c4n4ry S3cr3t@',
        '10.0.0.0/c4n4ry S3cr3t',
        'c4n4ry S3cr3t:1',
      ]) {
        assert.doesNotMatch(JSON.stringify({ ...parse(text), value: '' }), /c4n4ry/, kind);
      }
    }
  });

  test('tells the one mistake from the other', () => {
    const say = (result: { ok: boolean; message?: string }) => result.message;
    assert.equal(say(parseDuration('30')), 'has no unit');
    assert.equal(say(parseAddress('db')), 'has no port');
    assert.match(say(parseAddress('http://db:1')) ?? '', /not a URL/);
    assert.match(say(parseAddress('db:0')) ?? '', /port/);
    assert.ok(parseListenAddress('db:0').ok);
  });

  test('has the values it stands for', () => {
    assert.deepEqual(parseAddress('[2001:db8::1]:5432'), {
      ok: true,
      value: { host: '2001:db8::1', port: 5432 },
    });
    assert.deepEqual(parseGatewayUrl('https://Gateway.example.com/'), {
      ok: true,
      value: { url: 'https://gateway.example.com', address: { host: 'gateway.example.com', port: 443 } },
    });
    assert.deepEqual(parseGatewayUrl('https://[::1]:8443'), {
      ok: true,
      value: { url: 'https://[::1]:8443', address: { host: '::1', port: 8443 } },
    });
    assert.deepEqual(parseProbeRule('[fd00::]/8:1-2'), {
      ok: true,
      value: { host: 'fd00::/8', ports: { from: 1, to: 2 } },
    });
  });

  test('is written as it is read', () => {
    const natural = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(natural, (count) =>
        assert.deepEqual(parseDuration(formatDuration(count % 1e9)), { ok: true, value: count % 1e9 }),
      ),
    );
    fc.assert(
      fc.property(natural, (count) =>
        assert.deepEqual(parseSize(formatSize(count % 1e12)), { ok: true, value: count % 1e12 }),
      ),
    );
    for (const text of examples.address?.accepts ?? []) {
      const result = parseAddress(text);
      assert.equal(result.ok && formatHostPort(result.value), text);
    }
    for (const text of examples.probeRule?.accepts ?? []) {
      const result = parseProbeRule(text);
      assert.equal(result.ok && formatProbeRule(result.value), text);
    }
  });

  test('of any kind never throws', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.ipV6(),
      fc.stringMatching(/^[[\]:/.*%0-9a-f-]{0,20}$/),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(fieldKinds)), text, ({ parse }, input) => {
        assert.equal(typeof parse(input).ok, 'boolean');
      }),
    );
  });
});
