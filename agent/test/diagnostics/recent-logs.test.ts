import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '@penstock/wire';
import { logBundle } from '../../src/diagnostics/log-bundle.ts';
import { RecentLogs } from '../../src/diagnostics/recent-logs.ts';
import { KnownSecrets } from '../../src/diagnostics/redaction/known-secrets.ts';

const known = () => new KnownSecrets(() => {});
const running = () => new AbortController().signal;
const numbers = (lines: readonly unknown[]) => lines.map((line) => (line as { n: number }).n);

test('the newest lines of the requested level are returned, oldest first', async () => {
  const recent = new RecentLogs(4);
  for (let n = 0; n < 3000; n += 1) recent.add(n % 2 === 0 ? 'info' : 'warn', { n });
  const all = await logBundle(recent, known(), { limit: 10, level: 'trace' }, running());
  assert.deepEqual(numbers(all.lines), [2996, 2997, 2998, 2999]);
  const warnings = await logBundle(recent, known(), { limit: 10, level: 'warn' }, running());
  assert.deepEqual(numbers(warnings.lines), [2997, 2999]);
  const last = await logBundle(recent, known(), { limit: 1 }, running());
  assert.deepEqual(numbers(last.lines), [2999]);
  recent.resize(2);
  assert.equal([...recent.newest('trace')].length, 2);
  recent.resize(0);
  recent.add('info', { n: 1 });
  assert.equal([...recent.newest('trace')].length, 0);
});

test('memory is limited in bytes, and lines that cannot be kept are counted', async () => {
  const recent = new RecentLogs(100_000);
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  for (let n = 0; n < 2_000; n += 1) recent.add('info', { n, text: 'x'.repeat(15_000) });
  recent.add('info', circle);
  recent.add('info', { text: 'x'.repeat(20_000) });
  assert.ok([...recent.newest('trace')].length < 600);
  const { lines, omitted } = await logBundle(recent, known(), { limit: 3 }, running());
  assert.deepEqual(omitted, { 'longer than 16 KiB': 1, 'not serializable as JSON': 1 });
  assert.equal(lines.length, 1);
});

test('an answer never exceeds what a gateway accepts', async () => {
  const recent = new RecentLogs(100_000);
  for (let n = 0; n < 700; n += 1) recent.add('info', { n, text: '\u20ac'.repeat(5_000) });
  const { lines, omitted } = await logBundle(recent, known(), { limit: 100_000 }, running());
  assert.ok(Buffer.byteLength(JSON.stringify(lines)) < limits.resultBodyBytes);
  assert.equal(numbers(lines).at(-1), 699);
  assert.ok((omitted['no space left in the answer'] ?? 0) > 0);
});

test('a bundle is built in slices, and rejects when the agent stops', async () => {
  const recent = new RecentLogs(100_000);
  for (let n = 0; n < 3_000; n += 1) recent.add('info', { n, text: 'x y z '.repeat(200) });
  const secrets = known();
  secrets.add(Array.from({ length: 50 }, (_, index) => `secret-number-${index}`));
  const stopping = new AbortController();
  const bundle = logBundle(recent, secrets, { limit: 100_000 }, stopping.signal);
  stopping.abort(new Error('The agent stops.'));
  await assert.rejects(bundle, /The agent stops/);
});

test('lines are selected by time and by text, and a search does not tell what was redacted', async () => {
  const recent = new RecentLogs(100);
  const at = (minute: number) => `2026-11-26T08:0${minute}:00.000Z`;
  for (let n = 0; n < 5; n += 1) {
    recent.add('info', { time: at(n), n, msg: n % 2 === 0 ? 'Session LOST' : 'ready', password: 'hunter2' });
  }
  const ask = async (args: { since?: string; text?: string; limit?: number }) =>
    numbers((await logBundle(recent, known(), { limit: 10, ...args }, running())).lines);
  assert.deepEqual(await ask({ since: at(3) }), [3, 4]);
  assert.deepEqual(await ask({ text: 'session lost' }), [0, 2, 4]);
  assert.deepEqual(await ask({ text: 'lost', limit: 2 }), [2, 4]);
  assert.deepEqual(await ask({ text: 'lost', since: at(1), limit: 1 }), [4]);
  assert.deepEqual(await ask({ text: 'hunter' }), []);
});
