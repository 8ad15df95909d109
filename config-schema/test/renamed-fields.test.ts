import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alertConditions } from '../src/gateway-config.ts';
import { checkConfig } from '../src/parse.ts';
import { fieldRows } from '../src/schema/field-rows.ts';
import { renames } from '../src/schema/renamed-fields.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';

const problems = (kind: 'Agent' | 'Gateway', text: string) => {
  const result = checkConfig(kind, text);
  return result.ok ? [] : result.problems.map(({ code, path, message }) => `${code} ${path} ${message}`);
};

describe('a former name is reported with the new one', () => {
  const gateway: readonly [more: string, ...expected: string[]][] = [
    ['tls: {certificate: "${file:a}", key: "${file:b}"}\n', 'UNKNOWN_KEY tls `tls` is now `tunnelTls`.'],
    [
      'ingressTls: {certificate: "${file:a}", key: "${file:b}", clientAuthorities: "${file:c}"}\n',
      'UNKNOWN_KEY ingressTls.clientAuthorities `ingressTls.clientAuthorities` is now `clientCa`.',
    ],
    [
      'limits: {perAddress: 1, negotiating: 2, negotiationTimeout: 3s}\n',
      'UNKNOWN_KEY limits.perAddress `limits.perAddress` is now `connectionsPerAddress`.',
      'UNKNOWN_KEY limits.negotiating `limits.negotiating` is now `pendingHandshakes`.',
      'UNKNOWN_KEY limits.negotiationTimeout `limits.negotiationTimeout` is now `handshakeTimeout`.',
    ],
    ['dial: {attempts: 2}\n', 'UNKNOWN_KEY dial.attempts `dial.attempts` is now `maxAttempts`.'],
    [
      'ejection: {failures: 3, duration: 1s}\n',
      'UNKNOWN_KEY ejection.failures `ejection.failures` is now `consecutiveFailures`.',
      'UNKNOWN_KEY ejection.duration `ejection.duration` is now `baseDuration`.',
    ],
    [
      'health: {skew: 1s, certificateExpiry: 1d}\n',
      'UNKNOWN_KEY health.skew `health.skew` is now `maxClockSkew`.',
      'UNKNOWN_KEY health.certificateExpiry `health.certificateExpiry` is now `certificateExpiryWarning`.',
    ],
    [
      'alerts:\n  - {when: version-behind, notify: [ops]}\n' +
        'notify:\n  - {name: ops, webhook: "${env:OPS}", gather: 5s}\n',
      'UNKNOWN_KEY alerts[#1].when `alerts[#1].when` is now `condition`.',
      'NOT_ALLOWED_VALUE alerts[#1].when `version-behind` is now `software-outdated`.',
      'UNKNOWN_KEY alerts[#1].notify `alerts[#1].notify` is now `receivers`.',
      'UNKNOWN_KEY notify `notify` is now `receivers`.',
      'UNKNOWN_KEY notify[ops].gather `notify[ops].gather` is now `groupWait`.',
    ],
    [
      'receivers: [{name: ops, webhook: "${env:OPS}"}]\nalerts:\n' +
        '  - {condition: pool-below-minimum, receivers: [ops]}\n' +
        '  - {condition: queue-filling, receivers: [ops]}\n',
      'NOT_ALLOWED_VALUE alerts[#1].condition `pool-below-minimum` is now `pool-below-min-ready`.',
      'NOT_ALLOWED_VALUE alerts[#2].condition `queue-filling` is now `queue-near-limit`.',
    ],
  ];
  for (const [more, ...expected] of gateway) {
    test(expected.join(' '), () => assert.deepEqual(problems('Gateway', MINIMAL_GATEWAY + more), expected));
  }

  test('of a pool', () => {
    const text = MINIMAL_GATEWAY.replace('- name: dc1', '- {name: dc1, approval: [drain]}');
    assert.deepEqual(problems('Gateway', text), [
      'UNKNOWN_KEY pools[dc1].approval `pools[dc1].approval` is now `requireApproval`.',
    ]);
  });

  test('of an agent', () => {
    const text = MINIMAL_AGENT.replace('kind: postgresql', 'kind: postgresql, maxStreams: 5');
    assert.deepEqual(problems('Agent', `${text}health: {interval: 5s}\n`), [
      'UNKNOWN_KEY connectors[orders-db].maxStreams `connectors[orders-db].maxStreams` is now `maxConnections`.',
      'UNKNOWN_KEY health.interval `health.interval` is now `sampleInterval`.',
    ]);
  });
});

test('every new name exists and no former name does', () => {
  let count = 0;
  for (const kind of ['Agent', 'Gateway'] as const) {
    const paths = new Set(fieldRows(kind).map(({ path }) => path));
    for (const [former, name] of Object.entries(renames[kind].keys)) {
      assert.ok(!paths.has(former), former);
      assert.ok(paths.has(former.replace(/[^.]+$/, name)), `${former} → ${name}`);
      count += 1;
    }
  }
  assert.equal(count, 17);
  const allowed: readonly string[] = alertConditions;
  const values = Object.entries(renames.Gateway.values['alerts[].condition'] ?? {});
  assert.equal(values.length, 3);
  for (const [former, name] of values) {
    assert.ok(!allowed.includes(former), former);
    assert.ok(allowed.includes(name), name);
  }
});
