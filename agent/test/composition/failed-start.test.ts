import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import perfHooks from 'node:perf_hooks';
import { mock, test } from 'node:test';
import { startDaemon } from '@penstock/agent';
import { parseAgentConfig } from '@penstock/config-schema';
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

test('an agent that cannot listen on local.listen leaves nothing running', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  await using occupant = await startEcho();
  using monitors = countLoopMonitors();
  const file = {
    apiVersion: 'penstock/v1',
    kind: 'Agent',
    version: 1,
    name: 'a1',
    pool: 'dc1',
    gateway: { url: 'https://127.0.0.1:1', pins: [`sha256/${'A'.repeat(43)}=`], proxy: 'none' },
    identity: { directory: directory.path },
    connectors: [],
    local: { listen: `127.0.0.1:${occupant.address.port}` },
  };
  const hosts = { environment: {}, readFile: () => '', directory: directory.path };
  const result = parseAgentConfig(JSON.stringify(file), hosts);
  assert.ok(result.ok, JSON.stringify(result));
  const logged: string[] = [];
  const start = startDaemon({ config: result.config, environment: {}, log: (event) => logged.push(event) });
  await assert.rejects(start, /local\.listen/);
  assert.equal(monitors.enabled, 0);
  assert.deepEqual(logged, []);
});
