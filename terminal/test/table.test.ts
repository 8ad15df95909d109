import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { styleFor } from '../src/style.ts';
import { fit, select, table } from '../src/table.ts';
import { capturedIo } from './rig/captured-io.ts';

const rows = [
  ['agent-1', 'connected', 2],
  ['agent-2', undefined, 0],
];

describe('a table', () => {
  test('is plain text if the output is not a terminal', () => {
    const text = table(['name', 'state', 'sessions'], rows, capturedIo());
    assert.equal(text, 'name     state      sessions\nagent-1  connected  2\nagent-2  -          0\n');
  });

  test('breaks no text of a whole column, even if the terminal has to wrap the line', () => {
    const id = '019a0b1c-2d3e-7f4a-8b6c-0123456789ab';
    const subject = `pool:${'x'.repeat(58)}`;
    for (const columns of [80, 60, 40, 20]) {
      const text = table(
        [{ title: 'ID', isWhole: true }, 'SUBJECT', { title: 'DETAIL', rank: 1 }],
        [[id, subject, 'nothing to say about it']],
        capturedIo({ columns }),
      );
      assert.ok(stripVTControlCharacters(text).includes(id), text);
      assert.ok(!text.includes(subject));
    }
  });

  test('fits the terminal without truncating text', () => {
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

  test('keeps colors and replaces other control characters', () => {
    const io = capturedIo({ columns: 80 });
    const { good } = styleFor(io.stdout, io.environment);
    const text = table(['name'], [[`${good('fine')}\u{1b}[2J\u{7}`]], io);
    assert.ok(text.includes('\u{1b}[32mfine\u{1b}[39m'));
    assert.ok(!text.includes('\u{1b}[2J'));
    assert.ok(!text.includes('\u{7}'));
  });

  test('shows styles, line breaks and overrides of untrusted text as dots, with and without a style', () => {
    const io = capturedIo({ columns: 200 });
    const { good } = styleFor(io.stdout, io.environment);
    const hostile =
      'a\u{1b}[8mb\u{1b}[0mc\nd\te\u{202e}f\u{2066}g\u{2028}h\u{9b}8mi\u{200b}j\u{e0041}k\u{1b}[32ml\u{1b}[39m';
    const text = table(['name', 'raw'], [[good(hostile), hostile]], io);
    const own = [32, 39, 1, 22].reduce((rest, code) => rest.replaceAll(`\u{1b}[${code}m`, ''), text);
    assert.doesNotMatch(own, /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u);
    assert.equal(text.split('\u{1b}[32m').length, 2, 'only our own style is left');
    assert.equal(text.trimEnd().split('\n').length, 2, 'the row is one line');
  });

  test('omits the columns with the highest rank before breaking words, and names them', () => {
    const columns = [
      'ID',
      { title: 'STATE', rank: 1 },
      { title: 'IDENTITY ENDS', rank: 3 },
      { title: 'ADDRESS', rank: 2 },
    ];
    const row = ['019a0b1c2d3e4f5a6b7c', 'disconnected', 'in 12h', '2001:db8::1234'];
    const at = (width: number) =>
      stripVTControlCharacters(table(columns, [row], capturedIo({ columns: width })));
    const whole = at(80);
    for (const text of row) assert.ok(whole.includes(text));
    assert.ok(!whole.includes('Omitted'));
    assert.match(at(62), /^ID +STATE +IDENTITY +ADDRESS\n +ENDS\n/);
    const narrower = at(55);
    assert.match(narrower, /^ID +STATE +ADDRESS\n019a0b1c2d3e4f5a6b7c {2}disconnected {2}2001:db8::1234\n/);
    assert.match(narrower, /\nOmitted columns: IDENTITY ENDS\. Use --output json to see everything\.\n$/);
    assert.match(at(24), /^ID\n019a0b1c2d3e4f5a6b7c\nOmitted columns: STATE, IDENTITY ENDS, ADDRESS\./);
  });

  test('without rows consists of its head', () => {
    assert.equal(table(['name', 'state'], [], capturedIo()), 'name  state\n');
  });
});

const column = fc
  .record({
    least: fc.integer({ min: 1, max: 60 }),
    more: fc.integer({ min: 0, max: 140 }),
    rank: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ least, more, rank }) => ({ least, natural: least + more, rank }));
const lineOf = (widths: readonly number[]) =>
  widths.reduce((sum, width) => sum + width, 2 * Math.max(0, widths.length - 1));

test('columns never exceed their natural width or the terminal, and break words only if necessary', () => {
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 20, max: 300 }),
      (columns, available) => {
        const widths = fit(columns, available);
        assert.ok(widths.every((width, index) => width <= (columns[index]?.natural ?? 0)));
        assert.ok(lineOf(widths) <= available || widths.every((width) => width <= 8));
        const unbroken = lineOf(columns.map(({ least }) => least)) <= available;
        if (unbroken) assert.ok(widths.every((width, index) => width >= (columns[index]?.least ?? 0)));
      },
    ),
  );
});

test('columns are omitted only if necessary, in order of their rank', () => {
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 20, max: 300 }),
      (columns, available) => {
        const shown = select(columns, available);
        const gone = columns.filter((each) => !shown.includes(each));
        const leastRank = Math.min(...gone.map(({ rank }) => rank));
        assert.ok(leastRank > 0);
        assert.ok(shown.every(({ rank }) => rank <= leastRank));
        const fits = lineOf(shown.map(({ least }) => least)) <= available;
        assert.ok(fits || shown.every(({ rank }) => rank === 0));
        if (lineOf(columns.map(({ least }) => least)) <= available) assert.equal(gone.length, 0);
      },
    ),
  );
});
