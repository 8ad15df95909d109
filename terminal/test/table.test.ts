import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { styleFor } from '../src/style.ts';
import { fit, table } from '../src/table.ts';
import { capturedIo } from './rig/captured-io.ts';

const rows = [
  ['agent-1', 'connected', 2],
  ['agent-2', undefined, 0],
];

describe('a table', () => {
  test('is plain text where it is no terminal', () => {
    const text = table(['name', 'state', 'sessions'], rows, capturedIo());
    assert.equal(text, 'name     state      sessions\nagent-1  connected  2\nagent-2  -          0\n');
  });

  test('fits the terminal without losing a letter', () => {
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    const text = table(
      ['name', 'digest', 'reason'],
      [['a', digest, 'nothing to say about it']],
      capturedIo({ columns: 50 }),
    );
    const lines = stripVTControlCharacters(text).split('\n');
    assert.ok(lines.length > 3);
    assert.deepEqual(
      lines.filter((line) => line.length > 50),
      [],
    );
    assert.ok(
      lines
        .map((line) => line.slice(6).split(/\s/)[0])
        .join('')
        .includes(digest),
    );
  });

  test('keeps colors where they are wanted and drops what would steer the terminal', () => {
    const io = capturedIo({ columns: 80 });
    const { good } = styleFor(io.stdout, io.environment);
    const text = table(['name'], [[`${good('fine')}\u{1b}[2J\u{7}`]], io);
    assert.ok(text.includes('\u{1b}[32mfine\u{1b}[39m'));
    assert.ok(!text.includes('\u{1b}[2J'));
    assert.ok(!text.includes('\u{7}'));
  });

  test('of no rows is its head', () => {
    assert.equal(table(['name', 'state'], [], capturedIo()), 'name  state\n');
  });
});

test('columns never get wider than they were, nor more than fits unless all are narrow', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 20, max: 300 }),
      (natural, available) => {
        const widths = fit(natural, available);
        assert.ok(widths.every((width, index) => width <= (natural[index] ?? 0)));
        const total = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
        assert.ok(total <= available || widths.every((width) => width <= 8));
      },
    ),
  );
});
