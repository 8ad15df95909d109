import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateConnection } from '../../src/alerts/evaluate-connection.ts';
import type { ConnectionSnapshot } from '../../src/alerts/fleet-snapshot.ts';
import { connectionSnapshot } from './scene.ts';

const MINUTE = 60_000;
const thresholds = { percent: 50, minimum: 3, windowMs: 5 * MINUTE };

/** `undecided` keeps an alert that fires, and begins none. */
const stateOf = (changes: Partial<ConnectionSnapshot>) => {
  const found = evaluateConnection(connectionSnapshot(changes), thresholds);
  return found === undefined ? 'no' : found.isDecided ? 'yes' : 'undecided';
};

test('it holds from the threshold on, with the counts and the most frequent codes', () => {
  const failing = {
    opened: 2,
    failed: 12,
    codes: [
      { code: 'REFUSED', count: 11 },
      { code: 'DIAL_TIMEOUT', count: 1 },
    ],
    sinceOpened: 2 * MINUTE,
    sinceFailed: 1_000,
  } as const;
  assert.deepEqual(evaluateConnection(connectionSnapshot(failing), thresholds), {
    condition: {
      condition: 'connection-failing',
      subject: 'connection:orders',
      pool: undefined,
      detail:
        '12 of 14 opens in the last 5 min failed: 11 × REFUSED, 1 × DIAL_TIMEOUT. The target refused the connection.',
    },
    isDecided: true,
  });
  assert.equal(stateOf({ opened: 0, failed: 3, sinceOpened: undefined, sinceFailed: 0 }), 'yes');
  assert.equal(stateOf({ opened: 3, failed: 3, sinceOpened: 2, sinceFailed: 1 }), 'yes');
  assert.notEqual(
    stateOf({ opened: 0, failed: 2, sinceOpened: undefined, sinceFailed: 0 }),
    'yes',
    'too few',
  );
  assert.notEqual(
    stateOf({ opened: 20, failed: 15, sinceOpened: 2, sinceFailed: 1 }),
    'yes',
    'too small a share',
  );
});

test('between the thresholds nothing changes, and below the lower one it is over', () => {
  assert.equal(stateOf({ opened: 6, failed: 4, sinceOpened: 2, sinceFailed: 1 }), 'undecided');
  assert.equal(stateOf({ opened: 8, failed: 2, sinceOpened: 2, sinceFailed: 1 }), 'no');
});

test('it is over soon after the target is back, although the window still has the failures', () => {
  const failures = { opened: 1, failed: 10 };
  assert.equal(
    stateOf({ ...failures, sinceOpened: 10, sinceFailed: 30_000 }),
    'yes',
    'one success is not enough',
  );
  assert.equal(stateOf({ ...failures, sinceOpened: 10, sinceFailed: MINUTE }), 'no');
  assert.equal(
    stateOf({ ...failures, sinceOpened: 2 * MINUTE, sinceFailed: MINUTE }),
    'yes',
    'no success since',
  );
});

test('without opens nobody knows, for an hour', () => {
  const silent = { opened: 0, failed: 0, sinceOpened: undefined };
  assert.equal(stateOf({ ...silent, sinceFailed: 10 * MINUTE, idle: 10 * MINUTE }), 'undecided');
  assert.equal(stateOf({ ...silent, sinceFailed: 60 * MINUTE, idle: 60 * MINUTE }), 'no');
  assert.equal(stateOf({ ...silent, sinceFailed: undefined, idle: 1 }), 'undecided', 'after a restart');
});
