import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks } from './leaks.ts';
import { ManagedProcess } from './process.ts';
import { cpuSeconds, descriptorCount, residentBytes, socketCount } from './process-measurements.ts';
import { startHanging } from './targets.ts';

const script = (source: string) => ['--input-type=module', '--eval', source];

test('a process reports its lines, receives signals, and reports its exit', async () => {
  await using _leaks = expectNoLeaks();
  await using child = await ManagedProcess.start({
    args: script(`
      process.on('SIGTERM', () => { console.error('bye'); process.exit(7); });
      console.log('plain');
      console.log(JSON.stringify({ event: 'ready', greeting: process.env.GREETING }));
      setInterval(() => {}, 1000);
    `),
    env: { GREETING: 'hello' },
  });
  assert.equal((await child.json({ event: 'ready' }))['greeting'], 'hello');
  assert.ok(residentBytes(child.pid) > 1_000_000);
  assert.ok(descriptorCount(child.pid) > 3);
  assert.ok(cpuSeconds(child.pid) >= 0);
  assert.deepEqual(await child.stop('SIGTERM'), { code: 7, signal: null });
  assert.deepEqual(child.lines.map(({ from, text }) => `${from} ${text}`).sort(), [
    'stderr bye',
    'stdout plain',
    'stdout {"event":"ready","greeting":"hello"}',
  ]);
});

test('waiting for a line fails if the process exits without it, and shows the output', async () => {
  await using _leaks = expectNoLeaks();
  await using child = await ManagedProcess.start({ args: script(`console.log('something else')`) });
  await assert.rejects(child.json({ event: 'never' }), /something else/);
});

test('disposing kills a process that does not exit', async () => {
  await using _leaks = expectNoLeaks();
  const child = await ManagedProcess.start({
    args: script(`process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000);`),
  });
  await child.line('up', ({ text }) => text === 'up');
  await child[Symbol.asyncDispose]();
  assert.deepEqual(await child.exited, { code: null, signal: 'SIGKILL' });
});

test('a program that does not exist is an error', async () => {
  await assert.rejects(ManagedProcess.start({ command: '/no/such/program', args: [] }), { code: 'ENOENT' });
});

test('proxy settings of the machine are not inherited by a child', async () => {
  process.env['HTTPS_PROXY'] = 'http://proxy.invalid';
  try {
    await using child = await ManagedProcess.start({
      args: script(`console.log(JSON.stringify({ proxy: process.env.HTTPS_PROXY ?? 'none' }))`),
    });
    await child.json({ proxy: 'none' });
  } finally {
    delete process.env['HTTPS_PROXY'];
  }
});

test('sockets are counted', async () => {
  const before = socketCount();
  await using _server = await startHanging();
  assert.equal(socketCount(), before + 1);
});
