import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { Gauge, Registry } from 'prom-client';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { agentSeries, agentSeriesText, MAX_AGENTS_WITH_SERIES } from '../../src/metrics/agent-series.ts';
import { absentView, testView } from '../fleet/test-view.ts';

async function piecesOf(agents: Iterable<AgentView>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of agentSeriesText(agents, systemClock)) pieces.push(piece);
  return pieces;
}

const textOf = async (agents: Iterable<AgentView>) => (await piecesOf(agents)).join('');

const failing = (connector: string) => ({ connector, reach: 'refused', at: 1 }) as const;

test('the text is the one that prom-client writes', async () => {
  const agents = [
    testView('a1', {
      softwareVersion: 'with "quotes", a \\ and a \n',
      checks: [failing('db'), failing('mq')],
    }),
    absentView('a2'),
  ];
  const registry = new Registry();
  for (const { name, help, labelNames, read } of agentSeries) {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ['pool', 'agent', ...labelNames],
      registers: [registry],
    });
    for (const agent of agents) {
      for (const [labels, value] of read(agent))
        gauge.set({ pool: agent.pool, agent: agent.name, ...labels }, value);
    }
  }
  assert.equal(agentSeries.length, 9);
  assert.equal(await textOf(agents), `\n${await registry.metrics()}`);
});

test('what is not known of an absent agent has no value', async () => {
  const text = await textOf([absentView('a1', { checks: [failing('db')] })]);
  assert.match(text, /^penstock_gateway_agent_state\{pool="dc1",agent="a1",state="disconnected"\} 1$/m);
  for (const name of [
    'software_info',
    'last_heartbeat_timestamp_seconds',
    'clock_skew_seconds',
    'connector_failing',
  ]) {
    assert.doesNotMatch(text, new RegExp(`^penstock_gateway_agent_${name}\\{`, 'm'));
  }
});

test('the number of agents with series is bounded, and no piece of the text is large', async () => {
  const agents = Array.from({ length: MAX_AGENTS_WITH_SERIES + 1 }, (_, index) => testView(`a${index}`));
  const pieces = await piecesOf(agents);
  assert.equal(pieces.join('').match(/^penstock_gateway_agent_state\{/gm)?.length, MAX_AGENTS_WITH_SERIES);
  assert.ok(Math.max(...pieces.map(({ length }) => length)) < 32 * 1024);
});
