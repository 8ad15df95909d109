import type { LargeFleetHandlers } from '../load/large-fleet.ts';
import { type Ask, asking } from '../process/ask.ts';
import { here, startNode } from '../process/child.ts';
import { pause } from '../process/deadline.ts';
import type { Cell, Metric } from './cell.ts';

const COUNT = 10_000;
const PAGE = 500;
const SCRAPES = 3;
/** Milliseconds. Agents are evaluated once per second. */
const JUDGED = 3_000;

const PROCESS = new URL('../load/large-fleet.ts', import.meta.url);

const figure = (id: string, title: string): Metric => ({
  id: `fleet/${id}`,
  table: 'longest turn of the event loop with 10,000 agents',
  title,
  unit: 'ms',
  digits: 1,
  shown: 'full',
});

/** The longest turn of the event loop of a control plane with 10,000 agents, for which the data path has to wait. */
export const largeFleetCell: Cell = {
  group: 'fleet',
  title: 'the control plane of 10,000 agents',
  metrics: [
    figure('hold-judging', 'evaluation, one heartbeat per 15 s each'),
    figure('hold-listing', 'listing, 500 agents per page'),
    figure('hold-metrics', 'metrics'),
    figure('hold-pools', 'pools'),
    figure('hold-pin', 'a pin that quarantines all agents'),
    figure('pin-answer', 'response time of that pin'),
  ],
  routes: ['penstock'],
  fresh: true,
  async measure() {
    const child = await startNode(PROCESS, here);
    try {
      return await figuresOf(asking<LargeFleetHandlers>(child, 'the control plane'));
    } finally {
      await child.stop();
    }
  },
};

async function figuresOf(ask: Ask<LargeFleetHandlers>): Promise<Map<string, number>> {
  const { url, token } = await ask('start', { count: COUNT });
  const get = (path: string, init: RequestInit = {}) => request(url, path, token, init);
  const during = async (work: () => Promise<unknown>) => {
    await ask('longestTurn', null);
    await work();
    return ask('longestTurn', null);
  };
  const measured = async () => {
    const figures = new Map<string, number>();
    figures.set('fleet/hold-judging', await during(() => pause(JUDGED)));
    figures.set('fleet/hold-listing', await during(() => listAll(get)));
    figures.set('fleet/hold-metrics', await during(() => scrape(get)));
    figures.set('fleet/hold-pools', await during(() => get('/api/v1/pools')));
    return figures;
  };
  // Runs once without measuring, to warm up the JIT compiler.
  await listAll(get);
  await scrape(get);
  const figures = await measured();
  await publish(get);
  let answered = 0;
  figures.set(
    'fleet/hold-pin',
    await during(async () => {
      const began = performance.now();
      await get('/api/v1/pins/pools/dc1', json('PUT', { version: 13 }));
      answered = performance.now() - began;
      await pause(JUDGED);
    }),
  );
  figures.set('fleet/pin-answer', answered);
  await ask('stop', null);
  return figures;
}

type Get = (path: string, init?: RequestInit) => Promise<string>;

async function request(url: string, path: string, token: string, init: RequestInit): Promise<string> {
  const response = await fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The response to ${path} was ${response.status}: ${text.slice(0, 200)}`);
  return text;
}

const json = (method: string, body: unknown): RequestInit => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

async function listAll(get: Get): Promise<void> {
  let listed = 0;
  let cursor = '';
  do {
    const page = JSON.parse(await get(`/api/v1/agents?limit=${PAGE}${cursor && `&cursor=${cursor}`}`)) as {
      items: unknown[];
      nextCursor?: string;
    };
    listed += page.items.length;
    cursor = page.nextCursor ?? '';
  } while (cursor !== '');
  if (listed !== COUNT) throw new Error(`${listed} of ${COUNT} agents were listed.`);
}

async function scrape(get: Get): Promise<void> {
  for (let count = 0; count < SCRAPES; count += 1) {
    const text = await get('/metrics');
    const series = text.match(/^penstock_gateway_agent_state\{/gm)?.length ?? 0;
    if (series !== 5_000) throw new Error(`${series} agents have a series.`);
  }
}

const publish = (get: Get) =>
  get(
    '/api/v1/config-versions',
    json('POST', {
      pool: 'dc1',
      content: {
        apiVersion: 'penstock/v1',
        kind: 'Agent',
        version: 13,
        name: 'agent',
        pool: 'dc1',
        gateway: {
          url: 'https://gateway.example.com:8443',
          pins: [`sha256/${Buffer.alloc(32).toString('base64')}`],
        },
        identity: { directory: '/var/lib/penstock' },
        connectors: [],
      },
    }),
  );
