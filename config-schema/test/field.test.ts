import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../src/field/duration.ts';
import { type FieldKindName, fieldKinds } from '../src/field/field-kind.ts';
import { formatHostPort, parseAddress, parseListenAddress } from '../src/field/host-port.ts';
import { formatProbeRule, parseProbeRule } from '../src/field/probe-rule.ts';
import { formatSize, parseSize } from '../src/field/size.ts';
import { parseGatewayUrl } from '../src/field/url.ts';
import { fieldExamples } from './rig/field-examples.ts';

describe('a field', () => {
  for (const [kind, { accepts, refuses }] of Object.entries(fieldExamples)) {
    const { parse, pattern, literal } = fieldKinds[kind as FieldKindName];
    test(`of kind ${kind} accepts valid text, as editors do`, () => {
      for (const text of accepts) {
        assert.ok(parse(text).ok, text);
        if (literal !== 'reference') assert.match(text, new RegExp(pattern, 'u'));
      }
    });
    test(`of kind ${kind} rejects invalid text`, () => {
      assert.ok(refuses.length > 0);
      for (const text of refuses) {
        assert.ok(!parse(text).ok, text);
      }
    });
  }

  test('of any kind is rejected without repeating its text', () => {
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

  test('has a different message for each mistake', () => {
    const say = (result: { ok: boolean; message?: string }) => result.message;
    assert.equal(say(parseDuration('30')), 'has no unit');
    assert.equal(say(parseAddress('db')), 'has no port');
    assert.match(say(parseAddress('http://db:1')) ?? '', /not a URL/);
    assert.match(say(parseAddress('db:0')) ?? '', /port/);
    assert.ok(parseListenAddress('db:0').ok);
  });

  test('is parsed to its value', () => {
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

  test('is formatted as it is parsed', () => {
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
    for (const text of fieldExamples.address?.accepts ?? []) {
      const result = parseAddress(text);
      assert.equal(result.ok && formatHostPort(result.value), text);
    }
    for (const text of fieldExamples.probeRule?.accepts ?? []) {
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
