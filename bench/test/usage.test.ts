import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cpuSeconds,
  cpuSecondsOf,
  familyOf,
  parentOf,
  residentKib,
  residentKibOf,
} from '../process/usage.ts';

const stat = (name: string) =>
  `4711 (${name}) S 42 4711 4711 0 -1 4194560 1 0 0 0 250 125 0 0 20 0 11 0 100 1000 200 18446744073709551615`;

test('CPU time is user and system time, in seconds', () => {
  assert.equal(cpuSecondsOf(stat('node')), 3.75);
});

test('a name with spaces and parentheses does not shift the fields', () => {
  assert.equal(cpuSecondsOf(stat('a) R 1 (b')), 3.75);
  assert.equal(parentOf(stat('a) R 1 (b')), 42);
});

test('malformed text is an error', () => {
  assert.throws(() => cpuSecondsOf('nothing'), /expected format/);
});

test('resident memory is read in KiB', () => {
  assert.equal(residentKibOf('Name:\tnode\nVmRSS:\t   81236 kB\nVmSwap:\t 0 kB\n'), 81_236);
  assert.throws(() => residentKibOf('Name:\tkthreadd\n'), /VmRSS/);
});

test('the formats match those of this kernel', { skip: process.platform !== 'linux' }, async () => {
  assert.ok((await cpuSeconds(process.pid)) > 0);
  assert.ok((await residentKib(process.pid)) > 1024);
  assert.ok((await familyOf(process.ppid)).includes(process.pid));
});
