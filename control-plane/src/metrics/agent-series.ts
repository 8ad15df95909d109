import { type Clock, inSlices, nextTurn } from '@penstock/runtime';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { AgentView } from '../fleet/agent-view.ts';
import { isOlderRelease } from '../fleet/older-release.ts';

/** Agents that have series of their own; a larger fleet would overload Prometheus. */
export const MAX_AGENTS_WITH_SERIES = 5_000;

/** Agents of one piece, which is formatted and written in one turn of the event loop. */
const PIECE_AGENTS = 48;

type Labels = Readonly<Record<string, string>>;

type Series = {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge';
  /** Besides `pool` and `agent`. */
  readonly labelNames: readonly string[];
  /** The values of one agent; none where the value is not known. */
  read(agent: AgentView): readonly (readonly [labels: Labels, value: number])[];
};

const series = (
  name: string,
  help: string,
  read: Series['read'],
  labelNames: readonly string[] = [],
): Series => ({
  name: `penstock_gateway_agent_${name}`,
  help,
  type: 'gauge',
  labelNames,
  read,
});

const seconds = (milliseconds: number | undefined) =>
  milliseconds === undefined ? [] : [[{}, milliseconds / 1000] as const];
const flag = (value: boolean) => [[{}, Number(value)] as const];
const isConnected = ({ connectedSince }: AgentView) => connectedSince !== undefined;

/** The metrics of single agents. docs/metrics.md has a row for each. */
export const agentSeries: readonly Series[] = [
  series('state', 'Always 1; the label is the state of the agent.', ({ state }) => [[{ state }, 1]], [
    'state',
  ]),
  series(
    'software_info',
    'Always 1; the label is the software version of the agent.',
    ({ softwareVersion: version }) => (version === undefined ? [] : [[{ version }, 1]]),
    ['version'],
  ),
  series('outdated', '1 while the agent runs older software than this gateway.', ({ softwareVersion }) =>
    flag(softwareVersion !== undefined && isOlderRelease(softwareVersion, SOFTWARE_VERSION)),
  ),
  series(
    'last_heartbeat_timestamp_seconds',
    'Time of the last heartbeat, in seconds since 1970.',
    ({ lastHeartbeat }) => seconds(lastHeartbeat),
  ),
  series('clock_skew_seconds', "How far the agent's clock is ahead of the gateway's, in seconds.", (agent) =>
    seconds(isConnected(agent) ? agent.clock?.skew : undefined),
  ),
  series(
    'identity_not_after_timestamp_seconds',
    "Expiry of the agent's certificate, in seconds since 1970.",
    ({ identityNotAfter }) => seconds(identityNotAfter),
  ),
  series('drifted', "1 while the agent's file differs from the pinned one.", ({ reasons }) =>
    flag(reasons.some(({ code }) => code === 'CONFIG_DRIFT')),
  ),
  series('cloned', '1 while two processes use the identity of the agent.', ({ reasons }) =>
    flag(reasons.some(({ code }) => code === 'CLONED_IDENTITY')),
  ),
  series(
    'connector_failing',
    '1 for each connector whose check does not reach its target.',
    (agent) => {
      const failing = isConnected(agent) ? agent.checks.filter(({ reach }) => reach !== 'ready') : [];
      return failing.map(({ connector }) => [{ connector }, 1]);
    },
    ['connector'],
  ),
];

/**
 * The series of `agents` in the text format of Prometheus, in pieces of some kilobytes. prom-client would format all of
 * them in one turn of the event loop, which takes a tenth of a second for thousands of agents.
 */
export async function* agentSeriesText(
  agents: Iterable<AgentView>,
  clock: Clock,
): AsyncGenerator<string, void> {
  const known: { readonly agent: AgentView; readonly labels: string }[] = [];
  await inSlices(
    Iterator.from(agents).take(MAX_AGENTS_WITH_SERIES),
    (agent) => known.push({ agent, labels: labelsText({ pool: agent.pool, agent: agent.name }) }),
    clock,
  );
  for (const { name, help, type, read } of agentSeries) {
    yield `\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (let first = 0; first < known.length; first += PIECE_AGENTS) {
      let lines = '';
      for (const { agent, labels } of known.slice(first, first + PIECE_AGENTS)) {
        for (const [more, value] of read(agent)) {
          const others = labelsText(more);
          lines += `${name}{${labels}${others === '' ? '' : `,${others}`}} ${value}\n`;
        }
      }
      if (lines !== '') yield lines;
      await nextTurn(clock);
    }
  }
}

const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .map(
      ([name, value]) =>
        `${name}="${value.replace(/["\\\n]/g, (found) => (found === '\n' ? '\\n' : `\\${found}`))}"`,
    )
    .join(',');
