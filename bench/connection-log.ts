import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LiveAndShort, measureLiveAndShort } from './load/live-and-short.ts';
import { startLoad } from './load/load.ts';
import { here, stopEveryChild } from './process/child.ts';
import { eventually } from './process/deadline.ts';
import { makeScratch } from './process/scratch.ts';
import { cpuSeconds } from './process/usage.ts';
import { penstock } from './routes/penstock.ts';
import { connections } from './routes/penstock-files.ts';
import type { RunningRoute } from './routes/route.ts';

const usage = `npm run bench:connection-log -- [options]

Opens short connections at a fixed rate beside live ones, first without and then with the connection log, and
checks that every one of them is in it.

  --rate N      short connections per second (1000)
  --seconds N   duration of each of the two measurements (60)
  --live N      live connections (50)
`;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    live: { type: 'string', default: '50' },
    help: { type: 'boolean', default: false },
  },
});

const print = (text: string) => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  if (values.help) {
    print(usage);
    return;
  }
  const [rate, seconds, live] = [Number(values.rate), Number(values.seconds), Number(values.live)];
  const scratch = await makeScratch();
  try {
    const load = await startLoad(here, here);
    const route = await penstock.start(load.target.address, { gateway: here, agent: here }, scratch.path);
    for (const store of ['off', 'on'] as const) {
      await setStore(route, scratch.path, store);
      const cpuBefore = await cpuOf(route);
      const result = await measureLiveAndShort(route.address, { live, rate, seconds });
      print(report(store, result, (await cpuOf(route)) - cpuBefore));
      if (store === 'on') await checkLog(route, scratch.path, result);
    }
  } finally {
    await stopEveryChild();
    await scratch.remove();
  }
}

/** Changes the file of the running gateway, which reloads it. */
async function setStore(route: RunningRoute, directory: string, store: 'on' | 'off'): Promise<void> {
  const file = join(directory, 'gateway.yaml');
  const content = JSON.parse(await readFile(file, 'utf8')) as { version: number };
  content.version += 1;
  const connectionLog = store === 'on' ? { store } : { store, lines: 'none' };
  await writeFile(file, JSON.stringify({ ...content, connectionLog }));
  const isApplied = async () =>
    (await ask<{ store: string }>(route, 'connection-log?limit=1')).store === store;
  await eventually(30_000, `Applying connectionLog.store: ${store}`, isApplied);
}

async function cpuOf({ processes }: RunningRoute): Promise<number> {
  const gateway = processes.find(({ role }) => role === 'gateway');
  const [pid = 0] = (await gateway?.pids()) ?? [];
  return cpuSeconds(pid);
}

function report(
  store: string,
  { completed, failed, perSecond, lost, roundTrip }: LiveAndShort,
  cpu: number,
): string {
  const { count, p50, p99, max } = roundTrip;
  return [
    `connection log ${store}: ${completed} connections, ${failed} failed, ${perSecond.toFixed(0)} per second`,
    `  live connections lost: ${lost}; ${count} round trips: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(0)} ms`,
    `  CPU time of the gateway: ${cpu.toFixed(1)} s, ${((cpu / completed) * 1e6).toFixed(0)} µs per connection`,
  ].join('\n');
}

/** Counts the entries, which must be as many as the connections, and the bytes that they take. */
async function checkLog(route: RunningRoute, directory: string, { completed }: LiveAndShort): Promise<void> {
  let found = 0;
  for (let cursor: string | undefined; ; ) {
    const query = `connection=${connections.plain}&state=closed&code=ok&limit=500`;
    const page = await ask<{ items: unknown[]; nextCursor?: string }>(
      route,
      `connection-log?${query}${cursor === undefined ? '' : `&cursor=${cursor}`}`,
    );
    found += page.items.length;
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  const file = join(directory, 'gateway', 'connection-log.sqlite');
  const size = (await stat(file)).size + (await stat(`${file}-wal`)).size;
  print(`  entries: ${found} of ${completed}; ${(size / found).toFixed(0)} bytes each`);
  if (found < completed) throw new Error(`${completed - found} connections are missing in the log.`);
}

async function ask<Answer>({ api }: RunningRoute, path: string): Promise<Answer> {
  const response = await fetch(`${api?.url}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${api?.token}` },
  });
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

await main();
