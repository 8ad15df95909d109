import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { jarDirectory } from '../drivers/driver-jars.ts';
import { skipBecause } from '../rig/optional.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

/** `npm run drivers` installs it. */
const PROGRAM = join(jarDirectory, 'python/bin/schemathesis');

const skip = existsSync(PROGRAM)
  ? false
  : skipBecause('schemathesis is not there; npm run drivers fetches it');

/** Checks that say nothing about the API, each with the reason. All others are on. */
const EXCLUDED = [
  // Rules that a schema cannot express: dates in range, whole CIDR ranges, the content of a configuration file.
  'positive_data_acceptance',
  // After several requests without a token the answer is 429 rather than 401. test/control-plane/every-route covers both.
  'ignored_auth',
  'missing_required_header',
  // The HTTP parser of Node rejects QUERY with 400 before the routes see it. All other methods get 405.
  'unsupported_method',
];

type Run = { readonly code: number; readonly output: string };

function run(args: readonly string[], cwd: string): Promise<Run> {
  const { promise, resolve } = Promise.withResolvers<Run>();
  execFile(PROGRAM, args, { cwd, maxBuffer: 32 * 1024 * 1024 }, (error, stdout, stderr) =>
    resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` }),
  );
  return promise;
}

test('the API takes and answers what its document says', { skip }, async () => {
  await using target = await startEcho();
  await using pair = await startPair({ targets: { db: target.address.port }, agents: { a1: 'dc1' } });
  const { token } = await pair.api('POST /admin-tokens', { name: 'schemathesis', role: 'admin' });
  // It leaves its examples in the folder that it runs in.
  const folder = await mkdtemp(join(tmpdir(), 'penstock-schemathesis-'));
  try {
    const { code, output } = await run(
      [
        'run',
        `http://127.0.0.1:${pair.gateway.admin.port}/api/v1/openapi.json`,
        '--header',
        `Authorization: Bearer ${token}`,
        '--checks',
        'all',
        '--exclude-checks',
        EXCLUDED.join(),
        // Streams that do not end, and the answer 503 of a gateway whose agents the test has drained.
        '--exclude-path-regex',
        'events|follow|readyz',
        '--phases',
        'coverage,fuzzing',
        '--max-examples',
        '10',
        '--seed',
        '1',
        '--no-color',
      ],
      folder,
    );
    assert.equal(code, 0, output.slice(-8000));
    const tested = Number(/Tested: (\d+)/.exec(output)?.[1]);
    assert.ok(tested >= 40, `${tested} operations were tested\n${output.slice(-2000)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
