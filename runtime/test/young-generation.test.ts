import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const child = fileURLToPath(new URL('young-generation-child.ts', import.meta.url));

/** MiB of each half. */
type States = Record<
  'before' | 'at work' | 'later' | 'busy' | 'quiet' | 'again' | 'started large' | 'stopped',
  number
>;

test('the young generation grows with work, further with much of it, but not on and on, and again after a quiet time', async () => {
  // In a process of its own, whose flags are its own. While V8 marks the heap beside the program, which takes longer on a busy machine, it
  // collects nothing else, and the young generation grows beyond what is set.
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--no-incremental-marking',
    // The default is less on a host or in a container with little memory.
    '--max-semi-space-size=16',
    child,
  ]);
  const states: States = JSON.parse(stdout);
  assert.ok(states.before < 3, `${states.before} MiB before`);
  for (const state of ['at work', 'later', 'again', 'started large'] as const) {
    assert.ok(states[state] > 3 && states[state] < 5, `${states[state]} MiB ${state}`);
  }
  assert.ok(states.busy > 12 && states.busy < 17, `${states.busy} MiB when busy`);
  assert.ok(states.quiet < 3, `${states.quiet} MiB when quiet`);
  assert.ok(states.stopped < 3, `${states.stopped} MiB when nothing lets it grow`);
});
