import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const CHILD = `
  import { readFileSync } from 'node:fs';
  import { memoryReturner } from ${JSON.stringify(new URL('../src/return-memory.ts', import.meta.url).href)};
  const resident = () => Number(/^RssAnon:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  const returnMemory = memoryReturner();
  // Buffers small enough for the heap of the allocator, with one in between that stays.
  let buffers = Array.from({ length: 2_000 }, () => Buffer.allocUnsafeSlow(64 * 1024).fill(1));
  const kept = buffers[1_999];
  buffers = undefined;
  // What the first collection finds is freed beside the program; the second waits for that.
  gc();
  gc();
  const before = resident();
  returnMemory();
  console.log(JSON.stringify({ returned: before - resident(), kept: kept.length }));
`;

/** musl and other systems return memory in their own ways. */
const isGlibc =
  process.platform === 'linux' &&
  (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime !==
    undefined;

test('memory that was freed goes back to the system', { skip: !isGlibc && 'no glibc' }, () => {
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', '--no-warnings', '--input-type=module', '--eval', CHILD],
    { encoding: 'utf8', env: { ...process.env, MALLOC_MMAP_THRESHOLD_: String(1024 * 1024) } },
  );
  const { returned } = JSON.parse(output) as { returned: number };
  assert.ok(returned > 50 * 1024 * 1024, `${returned} bytes were returned`);
});
