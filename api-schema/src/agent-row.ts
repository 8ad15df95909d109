import { type Static, Type } from '@penstock/json-schema';
import { AgentResource } from './agent.ts';
import { agentConditions, agentStates, type ConditionCode } from './agent-state.ts';
import { Name, Timestamp } from './field.ts';
import { ListingFormat, NextCursor, PageQuery } from './page.ts';

/** What a table shows of an agent: about 400 bytes. */
export const AgentRow = Type.Object({
  name: Name,
  pool: Name,
  state: Type.Enum([...agentStates]),
  code: Type.Enum(Object.keys(agentConditions) as ConditionCode[]),
  since: Timestamp,
  message: Type.String(),
  detail: Type.Optional(Type.String()),
  reasons: Type.Integer({ description: 'How many conditions apply; `code` is the most important one.' }),
  lastHeartbeat: Type.Optional(Timestamp),
  identityNotAfter: Type.Optional(Timestamp),
  address: Type.Optional(Type.String()),
  sessions: Type.Integer(),
  sessionsWanted: Type.Optional(Type.Integer()),
  streams: Type.Integer(),
  softwareVersion: Type.Optional(Type.String()),
  configVersion: Type.Optional(Type.Integer()),
  pinVersion: Type.Optional(Type.Integer()),
  drift: Type.Optional(Type.Enum(['none', 'version', 'content'])),
  skewMs: Type.Optional(Type.Integer()),
  roundTripMs: Type.Optional(Type.Number()),
  cpuLoad: Type.Optional(Type.Number()),
  memoryUsed: Type.Optional(Type.Number({ description: 'Share of the memory in use, from 0 to 1.' })),
});
export type AgentRow = Static<typeof AgentRow>;

const list = (what: string) =>
  Type.Optional(
    Type.String({
      pattern: '^[A-Za-z_-]+(,[A-Za-z_-]+)*$',
      maxLength: 400,
      description: `${what}, separated by commas.`,
    }),
  );

export const AgentQuery = Type.Object(
  {
    ...PageQuery.properties,
    view: Type.Enum(['full', 'row'], {
      default: 'full',
      description: '`row` returns only what a table shows.',
    }),
    sort: Type.Enum(['name', 'severity'], {
      default: 'name',
      description: '`severity` lists the most severe states first, and sorts by name within a state.',
    }),
    q: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'Part of the name or the address.' }),
    ),
    state: list('Only agents in one of these states'),
    code: list('Only agents to which one of these conditions applies'),
    pool: Type.Optional(Name),
    drift: list(
      'Only agents whose configuration differs from the pin like this: `none`, `version`, `content`, `unknown`',
    ),
    version: Type.Optional(
      Type.String({ maxLength: 64, description: 'Only agents with this software version.' }),
    ),
    configVersion: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Only agents that run this version of their file.' }),
    ),
    connector: Type.Optional(Type.String({ maxLength: 63, description: 'Only agents with this connector.' })),
    format: ListingFormat,
  },
  { additionalProperties: false },
);

const counted = {
  nextCursor: NextCursor,
  complete: Type.Boolean({
    description: 'False while the store is unavailable: recently enrolled agents may be missing.',
  }),
  total: Type.Integer({ description: 'Agents on all pages.' }),
  counts: Type.Object(Object.fromEntries(agentStates.map((state) => [state, Type.Integer()])), {
    description: 'Agents on all pages, by state.',
  }),
  asOf: Type.String({
    description: 'ID of the last event that the page reflects. Follow `/events` from there.',
  }),
};

export const AgentPage = Type.Object({ items: Type.Array(AgentResource), ...counted });
export const AgentRowPage = Type.Object({ items: Type.Array(AgentRow), ...counted });
/** `AgentRowPage` with `view=row`. */
export const AgentListing = Type.Union([AgentPage, AgentRowPage]);
