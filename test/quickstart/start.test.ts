import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const start = fileURLToPath(new URL('../../examples/quickstart/start.ts', import.meta.url));
const leftovers = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('penstock-quickstart-'));

test('npm start -- --once runs both queries, survives the killed agent, and removes its files', async () => {
  const before = await leftovers();
  const { stdout } = await promisify(execFile)(process.execPath, [start, '--once', '--output', 'json'], {
    timeout: 120_000,
  });
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  assert.equal(result.query.rows.length, 3);
  assert.ok(result.query.rows[0].orders > 100);
  assert.deepEqual(result.failover.rows, result.query.rows);
  assert.equal(result.failover.killed, result.query.agent);
  assert.notEqual(result.failover.agent, result.query.agent);
  assert.equal(result.query.pool, 'demo');
  assert.match(result.connection.jdbcUrl, /^jdbc:postgresql:\/\/127\.0\.0\.1:\d+\/postgres\?/);
  for (const step of ['start', 'query', 'failover']) assert.ok(result.milliseconds[step] > 0, step);
  assert.deepEqual(await leftovers(), before);
});
