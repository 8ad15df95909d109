import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepLocalPin, LOCAL_PIN_VARIABLE, parseAgentConfig } from '../src/index.ts';
import { MINIMAL_AGENT } from './rig/minimal-file.ts';

const parsed = parseAgentConfig(MINIMAL_AGENT, { environment: {}, readFile: () => '' });
assert.ok(parsed.ok);
const { version, digest } = parsed.config;

const pinnedTo = (pin: string | undefined) =>
  keepLocalPin(parsed, pin === undefined ? {} : { [LOCAL_PIN_VARIABLE]: pin });

test('a host that is pinned to the file, or not pinned, accepts it', () => {
  for (const pin of [undefined, '', ' ', `${version}@${digest}`, ` ${version}@${digest}\n`]) {
    assert.equal(pinnedTo(pin), parsed);
  }
});

test('a host that is pinned to another version or content rejects the file and names both', () => {
  const other = `sha256:${'0'.repeat(64)}`;
  for (const pin of [`${version + 1}@${digest}`, `${version}@${other}`]) {
    const result = pinnedTo(pin);
    assert.ok(!result.ok);
    const [problem] = result.problems;
    assert.equal(problem?.code, 'LOCAL_PIN');
    assert.ok(problem.message.includes(`${version}@${digest}`) && problem.message.includes(pin));
    assert.match(problem.suggestion, /Restore the pinned file/);
  }
});

test('a malformed pin is rejected instead of ignored', () => {
  for (const pin of ['12', digest, `12@${digest.slice(7)}`, `0@${digest}`, `${version}@${digest}x`]) {
    const result = pinnedTo(pin);
    assert.ok(!result.ok, pin);
    assert.match(result.problems[0]?.message ?? '', /is not a version and a digest/);
  }
});

test('problems of a file take precedence over its pin', () => {
  const broken = parseAgentConfig('kind: Agent', { environment: {}, readFile: () => '' });
  assert.equal(keepLocalPin(broken, { [LOCAL_PIN_VARIABLE]: '1@x' }), broken);
});
