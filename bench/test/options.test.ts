import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions, UsageError } from '../options.ts';
import { routeNames } from '../routes/route.ts';

test('the default is seven rounds of everything, as text', () => {
  const options = parseOptions([]);
  assert.equal(options.rounds, 7);
  assert.equal(options.output, 'text');
  assert.equal(options.json, undefined);
  assert.deepEqual(options.routes, routeNames);
  assert.equal(options.only.length, 10);
});

test('--quick is two rounds unless --rounds is given', () => {
  assert.equal(parseOptions(['--quick']).rounds, 2);
  assert.equal(parseOptions(['--quick', '--rounds', '5']).rounds, 5);
});

test('lists are in the order of the report and may contain spaces', () => {
  assert.deepEqual(parseOptions(['--routes', 'penstock, direct']).routes, ['direct', 'penstock']);
  assert.deepEqual(parseOptions(['--only', 'latency,throughput']).only, ['throughput', 'latency']);
});

const refused: [string, string[], RegExp][] = [
  ['an unknown route', ['--routes', 'direct,nginx'], /no "nginx".*direct, node-tls/],
  ['an unknown group', ['--only', 'speed'], /no "speed".*throughput/],
  ['an empty list', ['--only', ''], /no ""/],
  ['no rounds', ['--rounds', '0'], /whole number from 1 to 50/],
  ['an invalid number', ['--rounds', 'many'], /--rounds many/],
  ['another output', ['--output', 'yaml'], /text or json/],
  ['an unknown option', ['--fast'], /--fast/],
  ['a stray word', ['throughput'], /throughput/],
];
for (const [what, parameters, message] of refused) {
  test(`${what} is rejected with a message`, () => {
    assert.throws(
      () => parseOptions(parameters),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}
