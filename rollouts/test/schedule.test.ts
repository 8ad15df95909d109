import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Freeze, type MaintenanceWindow, openingAt } from '@penstock/rollouts';

const HOUR = 3_600_000;
const at = (text: string) => Temporal.Instant.from(text).epochMilliseconds;

const night: MaintenanceWindow = {
  name: 'night',
  timeZone: 'Europe/Berlin',
  days: [2, 4],
  start: { hour: 2, minute: 0 },
  length: 2 * HOUR,
};
const quarterEnd: Freeze = {
  name: 'quarter-end',
  timeZone: 'Europe/Berlin',
  from: '2026-12-28',
  to: '2027-01-05',
};

/** When it opens next or closes, as text. */
function opening(now: string, window: MaintenanceWindow | undefined, freezes: readonly Freeze[] = []) {
  const found = openingAt({ window, freezes }, at(now));
  const moment = found.isOpen ? found.until : found.opensAt;
  const text = moment === undefined ? 'never' : new Date(moment).toISOString();
  return found.isOpen ? `open until ${text}` : `opens ${text}: ${found.because}`;
}

describe('a window', () => {
  test('opens on its days, in its zone, and in summer an hour earlier by UTC', () => {
    assert.equal(
      opening('2026-12-01T00:59:59Z', night),
      'opens 2026-12-01T01:00:00.000Z: Window night is closed.',
    );
    assert.equal(opening('2026-12-01T01:00:00Z', night), 'open until 2026-12-01T03:00:00.000Z');
    assert.equal(
      opening('2026-12-01T03:00:00Z', night),
      'opens 2026-12-03T01:00:00.000Z: Window night is closed.',
    );
    assert.equal(
      opening('2026-07-06T12:00:00Z', night),
      'opens 2026-07-07T00:00:00.000Z: Window night is closed.',
    );
  });

  test('keeps its length over both changes of the clocks', () => {
    const sunday: MaintenanceWindow = { ...night, days: [7] };
    // 02:00 does not exist on 2026-03-29: it opens at 03:00, which is 01:00 UTC.
    assert.equal(opening('2026-03-29T01:00:00Z', sunday), 'open until 2026-03-29T03:00:00.000Z');
    // 02:00 exists twice on 2026-10-25: it opens at the first.
    assert.equal(opening('2026-10-25T00:00:00Z', sunday), 'open until 2026-10-25T02:00:00.000Z');
  });

  test('over midnight and over the week belongs to the day on which it began', () => {
    const late: MaintenanceWindow = { ...night, days: [7], start: { hour: 23, minute: 0 }, length: 6 * HOUR };
    assert.equal(opening('2026-11-30T01:00:00Z', late), 'open until 2026-11-30T04:00:00.000Z');
  });
});

describe('a freeze', () => {
  test('begins and ends with its days, and closes an open window', () => {
    assert.equal(
      opening('2026-12-01T12:00:00Z', undefined, [quarterEnd]),
      'open until 2026-12-27T23:00:00.000Z',
    );
    assert.equal(
      opening('2026-12-27T23:00:00Z', undefined, [quarterEnd]),
      'opens 2027-01-05T23:00:00.000Z: Freeze quarter-end lasts through 2027-01-05.',
    );
    const all: MaintenanceWindow = {
      ...night,
      days: [1, 2, 3, 4, 5, 6, 7],
      start: { hour: 0, minute: 0 },
      length: 24 * HOUR,
    };
    assert.equal(opening('2026-12-27T12:00:00Z', all, [quarterEnd]), 'open until 2026-12-27T23:00:00.000Z');
  });

  test('is followed by the next window, not by a change in the middle of the day', () => {
    assert.equal(
      opening('2026-12-30T12:00:00Z', night, [quarterEnd]),
      'opens 2027-01-07T01:00:00.000Z: Freeze quarter-end lasts through 2027-01-05.',
    );
  });

  test('that covers every window of years leaves no opening', () => {
    const forever: Freeze = { ...quarterEnd, from: '2026-01-01', to: '2026-12-31' };
    const freezes = Array.from({ length: 250 }, (_, year) => ({
      ...forever,
      from: `${2026 + year}-01-01`,
      to: `${2026 + year}-12-31`,
    }));
    assert.match(opening('2026-05-01T00:00:00Z', undefined, freezes), /^opens never/);
  });
});
