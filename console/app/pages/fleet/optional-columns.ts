import type { AgentRow } from '../../api/types.ts';
import { milliseconds, percent, signedMilliseconds } from '../../time/format.ts';
import { choicesField } from '../../url/url-state.ts';

const columnNames = ['skew', 'rtt', 'cpu', 'memory', 'sessions'] as const;
export type OptionalColumn = (typeof columnNames)[number];

/** In the URL: `columns=skew,rtt`. */
export const columnsField = choicesField(columnNames);

type Definition = {
  readonly title: string;
  readonly about: string;
  /** Undefined if the agent has not reported it. */
  readonly text: (row: AgentRow) => string | undefined;
};

/** Columns of the table of agents that are shown on request, in this order. */
export const optionalColumns: Readonly<Record<OptionalColumn, Definition>> = {
  skew: {
    title: 'Clock skew',
    about: 'How far the clock of the agent is ahead of the gateway’s',
    text: ({ skewMs }) => (skewMs === undefined ? undefined : signedMilliseconds(skewMs)),
  },
  rtt: {
    title: 'Round trip',
    about: 'From the gateway to the agent and back',
    text: ({ roundTripMs }) => (roundTripMs === undefined ? undefined : milliseconds(roundTripMs)),
  },
  cpu: {
    title: 'CPU',
    about: 'Load of all processors of the agent’s host',
    text: ({ cpuLoad }) => (cpuLoad === undefined ? undefined : percent(cpuLoad)),
  },
  memory: {
    title: 'Memory',
    about: 'Memory in use on the agent’s host',
    text: ({ memoryUsed }) => (memoryUsed === undefined ? undefined : percent(memoryUsed)),
  },
  sessions: {
    title: 'Sessions',
    about: 'Open sessions of the agent, and how many it wants',
    text: ({ sessions, sessionsWanted }) =>
      sessionsWanted === undefined ? String(sessions) : `${sessions} of ${sessionsWanted}`,
  },
};
