import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentEvents, gatewayErrorCodes } from '@penstock/agent';
import { type Advice, agentConditions } from '@penstock/api-schema';
import { alertConditionTexts } from '@penstock/control-plane';
import { gatewayEvents } from '@penstock/gateway';
import { closeCodes, problemCodes, reach, requestErrorCodes, upgradeCodes } from '@penstock/wire';
import { compareCatalogue } from './catalogue.ts';
import type { Check } from './check.ts';
import { everyMetric, type Metric } from './every-metric.ts';
import { tableBelow } from './markdown.ts';

type Catalogue = {
  readonly document: string;
  readonly heading: string;
  /** The leading cells of each row; the document may have more columns. */
  readonly rows: readonly (readonly string[])[];
};

const code = (text: string) => `\`${text}\``;

const commandCell = ({ command }: Advice) => (command === undefined ? 'none' : code(command));

const eventRows = (events: Readonly<Record<string, readonly [level: string, message: string]>>) =>
  Object.entries(events).map(([event, [level, sentence]]) => [code(event), level, sentence]);

const metricRows = (metrics: readonly Metric[]) =>
  metrics.map(({ name, type, help }) => [code(name), type, help]);

function catalogues(): readonly Catalogue[] {
  const { agent, gateway } = everyMetric();
  return [
    {
      document: 'docs/errors.md',
      heading: 'Close codes',
      rows: Object.entries(closeCodes).map(([name, { number, retry, message }]) => [
        code(name),
        String(number),
        retry,
        message,
      ]),
    },
    {
      document: 'docs/errors.md',
      heading: 'Problem codes',
      rows: Object.entries(problemCodes).map(([name, { status, permanent, message }]) => [
        code(name),
        String(status),
        permanent ? 'no' : 'yes',
        message,
      ]),
    },
    {
      document: 'docs/fleet.md',
      heading: 'Conditions',
      rows: Object.entries(agentConditions).map(([name, { states, message, ...text }]) => [
        code(name),
        states.join(' or '),
        message,
        text.advice,
        commandCell(text),
      ]),
    },
    {
      document: 'docs/diagnostics.md',
      heading: 'Stages',
      rows: Object.entries(reach).map(([name, { message }]) => [code(name), message]),
    },
    {
      document: 'docs/errors.md',
      heading: 'Answers to requests',
      rows: Object.entries(requestErrorCodes).map(([name, sentence]) => [code(name), sentence]),
    },
    {
      document: 'docs/errors.md',
      heading: 'Upgrade codes',
      rows: Object.entries(upgradeCodes).map(([name, sentence]) => [code(name), sentence]),
    },
    {
      document: 'docs/alerts.md',
      heading: 'Conditions',
      rows: Object.entries(alertConditionTexts).map(([name, { message, ...text }]) => [
        code(name),
        message,
        text.advice,
        commandCell(text),
      ]),
    },
    { document: 'docs/events.md', heading: 'Agent', rows: eventRows(agentEvents) },
    { document: 'docs/events.md', heading: 'Gateway', rows: eventRows(gatewayEvents) },
    { document: 'docs/metrics.md', heading: 'Agent', rows: metricRows(agent) },
    {
      document: 'docs/metrics.md',
      heading: 'Gateway',
      rows: metricRows(gateway),
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
  promise:
    'the docs and the code list the same error codes, conditions, events and metrics, in the same words',
  async run(root) {
    const problems = await Promise.all(
      catalogues().map(async ({ document, heading, rows }) => {
        const documented = tableBelow(await readFile(join(root, document), 'utf8'), heading);
        return compareCatalogue(document, documented, rows);
      }),
    );
    return { problems: problems.flat() };
  },
};
