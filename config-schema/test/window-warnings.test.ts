import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGatewayConfig } from '../src/parse.ts';
import { windowWarnings } from '../src/window-warnings.ts';
import { MINIMAL_GATEWAY } from './rig/minimal-file.ts';

const NOW = Date.UTC(2026, 10, 26);

function warningsFor(window: string): readonly string[] {
  const result = parseGatewayConfig(`${MINIMAL_GATEWAY}windows: [${window}]\n`, {
    environment: {},
    readFile: () => '',
  });
  assert.ok(result.ok, JSON.stringify(result));
  return windowWarnings(result.config, NOW);
}

test('a start that the change to daylight saving time skips is a warning, on its days and in its zone only', () => {
  assert.deepEqual(warningsFor('{name: a, timeZone: Europe/Berlin, days: [sun], start: "02:30"}'), [
    'windows[a].start: 02:30 does not exist in Europe/Berlin on 2027-03-28, when the clocks are set forward. ' +
      'The window opens later on that day; choose another time to avoid that.',
  ]);
  assert.deepEqual(warningsFor('{name: a, timeZone: Europe/Berlin, days: [tue], start: "02:30"}'), []);
  assert.deepEqual(warningsFor('{name: a, timeZone: Europe/Berlin, days: [sun], start: "03:00"}'), []);
  assert.deepEqual(warningsFor('{name: a, days: [sun], start: "02:30"}'), []);
});
