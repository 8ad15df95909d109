import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from '../rig/eventually.ts';
import type { Pair } from '../rig/pair.ts';

/** A sample in Prometheus' text format: name with labels, value. */
const SAMPLE = /^([a-z_]+(?:\{.*\})?) ([-+0-9.e]+)$/;
const GAUGES =
  /^penstock_(gateway_(clients|queue_depth|streams_open|streams_opening|connections_adrift)|agent_(streams_open(ing)?|connections_adrift))\b/;

/** The current samples of a /metrics endpoint, by name and labels. */
export async function readMetrics({ address, port }: AddressInfo): Promise<ReadonlyMap<string, number>> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Without an HTTP agent the connection is closed after the response and does not count as a leak.
  get({ host: address, port, path: '/metrics', agent: false }, (response) => {
    text(response).then(resolve, reject);
  }).on('error', reject);
  const values = new Map<string, number>();
  for (const line of (await promise).split('\n')) {
    const [, name, value] = SAMPLE.exec(line) ?? [];
    if (name !== undefined) values.set(name, Number(value));
  }
  return values;
}

/** Waits until gateway and agents report no clients, no opens, no streams and no queued clients. */
export async function expectIdle(pair: Pair): Promise<void> {
  let busy: string[] = [];
  let seen = 0;
  await eventually(
    'gateway and agents to be idle',
    async () => {
      const programs = [pair.gateway.admin, ...[...pair.agents.values()].map(({ local }) => local)];
      const metrics = (await Promise.all(programs.map(readMetrics))).flatMap((values) => [...values]);
      const gauges = metrics.filter(([name]) => GAUGES.test(name));
      seen = gauges.length;
      busy = gauges.filter(([, value]) => value !== 0).map(([name, value]) => `${name} is ${value}`);
      return busy.length === 0;
    },
    { state: () => busy },
  );
  const expected = 2 + pair.gatewayConfig.pools.length + pair.gatewayConfig.connections.length;
  if (seen < expected) throw new Error(`Only ${seen} gauges were found, of at least ${expected}.`);
}
