import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import perfHooks from 'node:perf_hooks';
import { mock, test } from 'node:test';
import { startDaemon } from '@penstock/agent';
import { parseAgentConfig } from '@penstock/config-schema';
import { lockPrivateDirectory } from '@penstock/runtime';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { startEcho } from '../../../test/rig/targets.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';

/** Counts the event loop monitors that are enabled; no list of active resources has them. */
function countLoopMonitors() {
  const { monitorEventLoopDelay } = perfHooks;
  let enabled = 0;
  const monitor = mock.method(
    perfHooks,
    'monitorEventLoopDelay',
    (options: Parameters<typeof monitorEventLoopDelay>[0]) => {
      const histogram = monitorEventLoopDelay(options);
      const [enable, disable] = [histogram.enable.bind(histogram), histogram.disable.bind(histogram)];
      histogram.enable = () => {
        enabled += 1;
        return enable();
      };
      histogram.disable = () => {
        enabled -= 1;
        return disable();
      };
      return histogram;
    },
  );
  syncBuiltinESMExports();
  return {
    get enabled() {
      return enabled;
    },
    [Symbol.dispose]() {
      monitor.mock.restore();
      syncBuiltinESMExports();
    },
  };
}

function configFor(directory: string, listen: string) {
  const file = {
    apiVersion: 'penstock/v1',
    kind: 'Agent',
    version: 1,
    name: 'a1',
    pool: 'dc1',
    gateway: { url: 'https://127.0.0.1:1', pins: [`sha256/${'A'.repeat(43)}=`], proxy: 'none' },
    identity: { directory },
    connectors: [],
    local: { listen },
  };
  const result = parseAgentConfig(JSON.stringify(file), { environment: {}, readFile: () => '', directory });
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

test('an agent that cannot listen on local.listen leaves nothing running', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  await using occupant = await startEcho();
  using monitors = countLoopMonitors();
  const config = configFor(directory.path, `127.0.0.1:${occupant.address.port}`);
  const logged: string[] = [];
  const start = startDaemon({ config, environment: {}, log: (event) => logged.push(event) });
  await assert.rejects(start, /local\.listen/);
  assert.equal(monitors.enabled, 0);
  assert.deepEqual(logged, []);
  // The identity directory is free again.
  using _lock = await lockPrivateDirectory(directory.path, 'identity.directory');
});

test('a second agent on the identity directory of a running one does not start, until that one has stopped', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const config = configFor(directory.path, '127.0.0.1:0');
  const logged: string[] = [];
  const start = () => startDaemon({ config, environment: {}, log: (event) => logged.push(event) });
  const first = await start();
  try {
    await assert.rejects(start(), {
      name: 'DirectoryLockError',
      message: `The directory ${directory.path} (identity.directory) is in use by process ${process.pid}. Stop that process, or name another directory in identity.directory.`,
    });
  } finally {
    await first.stop();
  }
  await (await start()).stop();
  assert.equal(logged.filter((event) => event === 'agent-started').length, 2);
  assert.equal(logged.includes('identity-not-locked'), false);
});

test('an agent whose identity directory cannot be locked says so and runs', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  await mkdir(join(directory.path, 'lock'));
  const logged: string[] = [];
  const config = configFor(directory.path, '127.0.0.1:0');
  const agent = await startDaemon({ config, environment: {}, log: (event) => logged.push(event) });
  await agent.stop();
  assert.equal(logged[0], 'identity-not-locked');
});
