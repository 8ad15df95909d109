import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { unwrittenSegments } from '../src/return-executable.ts';

const mapping = (range: string, access: string, path: string, dirty = 0, swapped = 0) =>
  [
    `${range} ${access} 00000000 fe:00 5358028                            ${path}`,
    'Size:               4280 kB',
    'Rss:                1024 kB',
    'Shared_Clean:       1024 kB',
    `Private_Dirty:         ${dirty} kB`,
    `Anonymous:             ${dirty} kB`,
    `Swap:                  ${swapped} kB`,
    'VmFlags: rd mr mw me',
  ].join('\n');

const segments = (...mappings: readonly string[]) =>
  unwrittenSegments(`${mappings.join('\n')}\n`, '/opt/a program').map(
    ({ start, end }) => `${start.toString(16)}-${end.toString(16)}`,
  );

test('code and constants of the executable are found', () => {
  assert.deepEqual(
    segments(
      mapping('00400000-0082e000', 'r--p', '/opt/a program'),
      mapping('0082e000-03489000', 'r-xp', '/opt/a program'),
      mapping('03489000-072a7000', 'r--p', '/opt/a program'),
    ),
    ['400000-82e000', '82e000-3489000', '3489000-72a7000'],
  );
});

test('a segment that was written to is not among them, nor is one that can be', () => {
  assert.deepEqual(
    segments(
      mapping('00400000-0082e000', 'r-xp', '/opt/a program'),
      mapping('0082e000-03489000', 'r--p', '/opt/a program', 208),
      mapping('03489000-072a7000', 'rw-p', '/opt/a program'),
    ),
    ['400000-82e000'],
  );
});

test('a segment that was written to and swapped out is not among them', () => {
  assert.deepEqual(segments(mapping('00400000-0082e000', 'r-xp', '/opt/a program', 0, 4)), []);
});

test('what comes right before the data may have been written to, whatever the system says', () => {
  assert.deepEqual(
    segments(
      mapping('00400000-0082e000', 'r-xp', '/opt/a program'),
      mapping('0082e000-03489000', 'r--p', '/opt/a program'),
      mapping('03489000-0348a000', 'r--p', '/opt/a program'),
      mapping('0348a000-0348b000', 'rw-p', '/opt/a program'),
    ),
    ['400000-82e000', '82e000-3489000'],
  );
});

test('what is mapped from the same file elsewhere is not part of it', () => {
  assert.deepEqual(
    segments(
      mapping('00400000-0082e000', 'r-xp', '/opt/a program'),
      mapping('0a000000-0b000000', 'rw-p', '[heap]', 400),
      mapping('7f4bba140000-7f4bba355000', 'r-xp', '/opt/a program'),
    ),
    ['400000-82e000'],
  );
});

test('other files and a text that is something else have no segments', () => {
  assert.deepEqual(segments(mapping('00400000-0082e000', 'r-xp', '/usr/lib/libc.so.6')), []);
  assert.deepEqual(segments('nothing'), []);
});

const CHILD = `
  import { readFileSync } from 'node:fs';
  import { executableReturner } from ${JSON.stringify(new URL('../src/return-executable.ts', import.meta.url).href)};
  const resident = () => Number(/^RssFile:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  const giveUp = executableReturner();
  const before = resident();
  giveUp();
  const after = resident();
  giveUp();
  // Parsed, compiled, executed and collected by code that has to be mapped again.
  const sum = new Function('count', 'let sum = 0; for (let i = 0; i < count; i += 1) sum += i; return sum;')(1e6);
  gc();
  console.log(JSON.stringify({ before, after, sum }));
`;

test('pages of the executable are given up, and it goes on', {
  skip: process.platform !== 'linux' && 'no Linux',
}, () => {
  // Right after its installation, Linux counts its pages as dirty, until the file is on the disk.
  const executable = openSync(process.execPath, 'r');
  fsyncSync(executable);
  closeSync(executable);
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', '--no-warnings', '--input-type=module', '--eval', CHILD],
    { encoding: 'utf8' },
  );
  const { before, after, sum } = JSON.parse(output) as { before: number; after: number; sum: number };
  assert.ok(after < before / 2, `${after} of ${before} bytes of files are resident`);
  assert.equal(sum, 499_999_500_000);
});
