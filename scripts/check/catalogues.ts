import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentEvents, createAgentMetrics, gatewayErrorCodes } from '@penstock/agent';
import { createGatewayMetrics, gatewayEvents } from '@penstock/gateway';
import type { Check } from './check.ts';
import { tableBelow } from './markdown.ts';

type Catalogue = {
  readonly document: string;
  readonly heading: string;
  /** The first cells of each row; the document may have more columns. */
  readonly rows: readonly (readonly string[])[];
};

type Metric = { readonly name: string; readonly help: string; readonly type: string };

const code = (text: string) => `\`${text}\``;

const eventRows = (events: Readonly<Record<string, readonly [level: string, sentence: string]>>) =>
  Object.entries(events).map(([event, [level, sentence]]) => [code(event), level, sentence]);

const metricRows = (metrics: readonly unknown[]) =>
  (metrics as readonly Metric[]).map(({ name, type, help }) => [code(name), type, help]);

/** Gauges are registered when the program hands in what they read. */
const none = () => ({ ready: 0, wanted: 0, open: 0, opening: 0 });

function catalogues(): readonly Catalogue[] {
  const agent = createAgentMetrics();
  agent.observe({ sessions: none, streams: none, identityNotAfter: () => undefined });
  const gateway = createGatewayMetrics();
  gateway.observe({ pools: () => [], streams: none, clients: () => [], tunnelConnections: () => 0 });
  return [
    { document: 'docs/events.md', heading: 'Agent', rows: eventRows(agentEvents) },
    { document: 'docs/events.md', heading: 'Gateway', rows: eventRows(gatewayEvents) },
    { document: 'docs/metrics.md', heading: 'Agent', rows: metricRows(agent.registry.getMetricsAsArray()) },
    {
      document: 'docs/metrics.md',
      heading: 'Gateway',
      rows: metricRows(gateway.registry.getMetricsAsArray()),
    },
    {
      document: 'docs/errors.md',
      heading: 'Why an agent cannot reach its gateway',
      rows: Object.entries(gatewayErrorCodes).map(([name, sentence]) => [code(name), sentence]),
    },
  ];
}

export const cataloguesCheck: Check = {
  name: 'catalogues',
  promise: 'events, metrics and connection errors stand in the docs as they stand in the code, both ways',
  async run(root) {
    const problems: string[] = [];
    for (const { document, heading, rows } of catalogues()) {
      const told = tableBelow(await readFile(join(root, document), 'utf8'), heading);
      for (const cells of rows) {
        const row = told.find(([first]) => first === cells[0]);
        if (row === undefined) problems.push(`${document}: ${heading} lacks | ${cells.join(' | ')} |`);
        else if (cells.some((cell, index) => row[index] !== cell)) {
          problems.push(`${document}: ${heading} has ${row.join(' | ')}, the code ${cells.join(' | ')}`);
        }
      }
      for (const [first] of told) {
        if (!rows.some((cells) => cells[0] === first))
          problems.push(`${document}: nothing is called ${first} any more`);
      }
    }
    return { problems };
  },
};
