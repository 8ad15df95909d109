import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { jarDirectory } from '../drivers/driver-jars.ts';
import { isLongForm } from '../rig/long-form.ts';
import { skipBecause } from '../rig/optional.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

/** `npm run drivers` installs it. */
const PROGRAM = join(jarDirectory, 'python/bin/schemathesis');

const skip = existsSync(PROGRAM)
  ? false
  : skipBecause('schemathesis is not there; npm run drivers fetches it');

/**
 * All checks are on for all operations, except `positive_data_acceptance` for those whose requests have rules that a schema cannot
 * express, each with its rule.
 */
const RULES_BEYOND_SCHEMA: Readonly<Record<string, string>> = {
  'GET /api/v1/agents': 'state is a list of states',
  'GET /api/v1/audit': 'since and until are times that exist; a pattern accepts the year 0',
  'GET /api/v1/connections/{name}/strings': 'driver is one of the drivers, and target has a port',
  'POST /api/v1/agents/bulk': 'either agents or filter, expected unless dryRun, version for pin only',
  'POST /api/v1/silences': 'at least one of condition, subject and pool',
  'GET /api/v1/state-changes': 'since and until are times that exist; a pattern accepts the year 0',
  'GET /api/v1/connection-log': 'since and until are times that exist; a pattern accepts the year 0',
  'POST /api/v1/config-versions': 'content is an agent.yaml, which has a schema and rules of its own',
  'POST /api/v1/enrollment-tokens': 'sources are CIDR ranges without host bits',
  'POST /api/v1/rollouts': 'exactly one of config and software; a version that exists',
  'POST /api/v1/rollouts/preview': 'exactly one of config and software; a version that exists',
  'POST /api/v1/grants': 'sources are CIDR ranges without host bits',
};

/** The settings of schemathesis, read from the folder that it runs in. */
const SETTINGS = Object.entries(RULES_BEYOND_SCHEMA)
  .map(
    ([name, rule]) =>
      `# ${rule}\n[[operations]]\ninclude-name = "${name}"\nchecks.positive_data_acceptance.enabled = false\n`,
  )
  .join('\n');

/**
 * Forwards each request to the gateway from a loopback address of its own. The gateway answers 429 instead of 401 to an address that
 * has sent 60 wrong tokens, which test/control-plane/authentication covers.
 */
async function fromManyAddresses(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  let requests = 0;
  const server = createServer((incoming, answer) => {
    requests += 1;
    const { method, url, headers } = incoming;
    const localAddress = `127.1.${(requests >> 8) & 255}.${requests & 255}`;
    const options = { host: '127.0.0.1', port, method, path: url, headers, localAddress, agent: false };
    const outgoing = request(options, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;
  return {
    port: own,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

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
  await using front = await fromManyAddresses(pair.gateway.admin.port);
  // It leaves its examples in the folder that it runs in.
  const folder = await mkdtemp(join(tmpdir(), 'penstock-schemathesis-'));
  try {
    await writeFile(join(folder, 'schemathesis.toml'), SETTINGS);
    const { code, output } = await run(
      [
        'run',
        `http://127.0.0.1:${front.port}/api/v1/openapi.json`,
        '--header',
        `Authorization: Bearer ${token}`,
        // Streams that do not end, and the answer 503 of a gateway whose agents the test has drained.
        '--exclude-path-regex',
        'events|follow|readyz',
        '--phases',
        'coverage,fuzzing',
        '--max-examples',
        isLongForm ? '30' : '4',
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
