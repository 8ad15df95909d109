import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withProgress } from '../src/progress.ts';
import { capturedIo } from './rig/captured-io.ts';

test('long work shows progress on a terminal and erases it afterwards', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const io = capturedIo({ columns: 80, environment: { TERM: 'xterm' } });
  const seen = Promise.withResolvers<void>();
  const stderr = {
    ...io.stderr,
    write(text: string) {
      io.stderr.write(text);
      if (text.includes('⠙')) seen.resolve();
    },
  };
  const working = withProgress({ ...io, stderr }, 'Waiting for the agent', () => promise);
  await seen.promise;
  resolve('done');
  assert.equal(await working, 'done');
  const shown = io.err();
  assert.match(shown, /⠋ Waiting for the agent .*0 s/);
  assert.ok(shown.endsWith('\r\u001b[2K'), JSON.stringify(shown));
  assert.equal(io.out(), '');
});

test('short work and pipes show no progress, and failures are passed on', async () => {
  const terminal = capturedIo({ columns: 80, environment: { TERM: 'xterm' } });
  assert.equal(await withProgress(terminal, 'x', async () => 5), 5);
  await assert.rejects(
    withProgress(terminal, 'x', () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(terminal.err(), '');
  for (const io of [capturedIo(), capturedIo({ columns: 80, environment: { TERM: 'dumb' } })]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const working = withProgress(io, 'x', () => promise);
    setImmediate(resolve);
    await working;
    assert.equal(io.err(), '');
  }
});
