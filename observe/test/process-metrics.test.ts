import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { observeProcess } from '../src/process-metrics.ts';

async function readings(registry: Registry): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).matchAll(/^([a-z_]+) ([0-9.e+-]+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
}

test('the standard metrics of a process have plausible values', async () => {
  const registry = new Registry();
  observeProcess(registry);
  const first = await readings(registry);
  assert.deepEqual(Object.keys(first).sort(), [
    'process_cpu_seconds_total',
    'process_max_fds',
    'process_open_fds',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
  ]);
  const { process_cpu_seconds_total: cpu = 0, process_start_time_seconds: started = 0 } = first;
  const {
    process_open_fds: open = 0,
    process_max_fds: max = 0,
    process_resident_memory_bytes: rss = 0,
  } = first;
  assert.ok(cpu > 0 && cpu < 3600, `${cpu} s of CPU time`);
  assert.ok(started > 1.6e9 && started <= Date.now() / 1000, `started at ${started}`);
  assert.ok(open > 2 && open < max, `${open} of ${max} descriptors`);
  assert.ok(rss > 1e7, `${rss} bytes resident`);

  const descriptors = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'));
  const second = await readings(registry);
  for (const descriptor of descriptors) closeSync(descriptor);
  assert.ok((second['process_open_fds'] ?? 0) >= open + 15, 'the value is read at each scrape');
  assert.ok((second['process_cpu_seconds_total'] ?? 0) >= cpu);
});
