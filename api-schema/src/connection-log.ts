import { type Static, Type } from '@penstock/json-schema';
import { type CloseCode, closeCodes } from '@penstock/wire';
import { Name, TIME, Timestamp } from './field.ts';
import { ListingFormat, PageQuery, pageOf } from './page.ts';

export const connectionStates = ['opening', 'open', 'closed', 'failed', 'denied'] as const;

/** How a connection in the log can have ended: a close code, or one of two outcomes that no stream ends with. */
export const connectionOutcomes = {
  ok: 'Client and target closed the connection normally.',
  GATEWAY_STOPPED: 'The gateway stopped without closing the connection, for example because it was killed.',
} as const;
export type ConnectionOutcome = CloseCode | keyof typeof connectionOutcomes;

const outcomes = [
  ...Object.keys(connectionOutcomes),
  ...Object.keys(closeCodes),
] as readonly ConnectionOutcome[];
const Outcome = Type.Enum([...outcomes]);

/** What happened, for people. Codes of a newer gateway are their own description. */
export function outcomeMessage(code: string): string {
  if (Object.hasOwn(connectionOutcomes, code)) return connectionOutcomes[code as 'ok'];
  return Object.hasOwn(closeCodes, code) ? closeCodes[code as CloseCode].message : code;
}

const filters = {
  connection: Type.Optional(Name),
  client: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description:
        'An address, also with a port; the name or ID of a grant; or the subject of a client certificate.',
    }),
  ),
  agent: Type.Optional(Name),
  replica: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'The replica that accepted the client, or by way of which its agent was reached.',
    }),
  ),
  code: Type.Optional(Outcome),
  state: Type.Optional(Type.Enum([...connectionStates])),
};

export const ConnectionLogFilter = Type.Object(filters, { additionalProperties: false });
export type ConnectionLogFilter = Static<typeof ConnectionLogFilter>;

export const ConnectionLogQuery = Type.Object(
  {
    ...PageQuery.properties,
    ...filters,
    since: Type.Optional(
      Type.String({
        ...TIME,
        description: 'Only connections that were still open at this time or started after it. RFC 3339.',
      }),
    ),
    until: Type.Optional(
      Type.String({ ...TIME, description: 'Only connections that started by this time. RFC 3339.' }),
    ),
    format: ListingFormat,
  },
  { additionalProperties: false },
);

export const ConnectionLogEntry = Type.Object({
  id: Type.String({ description: 'The `id` in log lines about this connection.' }),
  state: Type.Enum([...connectionStates], {
    description:
      '`opening`: waiting for the target. `open`. `closed`: was open. `failed`: the target was not reached. `denied`: ' +
      'clients that were turned away within a minute, for the same reason.',
  }),
  connection: Type.Optional(
    Type.String({ description: 'Absent if a denied client did not say which connection it wanted.' }),
  ),
  client: Type.Optional(
    Type.String({ description: 'Address. Absent for denied clients of too many addresses to list each.' }),
  ),
  clientPort: Type.Optional(Type.Integer()),
  ingress: Type.Optional(Type.String({ description: 'Host and port on which the client was accepted.' })),
  ingressKind: Type.Optional(Type.String()),
  host: Type.Optional(
    Type.String({ description: 'The server name in TLS, or the host of a proxy request, without a grant.' }),
  ),
  grant: Type.Optional(Type.Object({ id: Type.String(), name: Type.String() })),
  subject: Type.Optional(Type.String({ description: "Subject of the client's certificate." })),
  connector: Type.Optional(Type.String()),
  pool: Type.Optional(Type.String()),
  agent: Type.Optional(
    Type.String({ description: 'If the connection failed: the agent that was tried last.' }),
  ),
  agentId: Type.Optional(Type.String()),
  replica: Type.Optional(
    Type.String({ description: 'The replica that accepted the client. Absent if the gateway is alone.' }),
  ),
  agentReplica: Type.Optional(
    Type.String({
      description:
        'The replica by way of which the agent is reached, if it has no session to the one of the client.',
    }),
  ),
  startedAt: Timestamp,
  openMs: Type.Optional(
    Type.Number({ minimum: 0, description: 'Milliseconds until client and target were joined.' }),
  ),
  endedAt: Type.Optional(Timestamp),
  durationMs: Type.Optional(Type.Number({ minimum: 0, description: 'From `startedAt` to `endedAt`.' })),
  attempts: Type.Integer({ description: 'Opens sent to agents.' }),
  resumes: Type.Integer({ description: 'How often the connection continued over another session.' }),
  adriftMs: Type.Integer({
    description: 'Milliseconds without a session, in all, before the last resume or the end.',
  }),
  adriftSince: Type.Optional({
    ...Timestamp,
    description: 'Present while it has no session and waits for one.',
  }),
  bytesFromClient: Type.Integer(),
  bytesToClient: Type.Integer(),
  code: Type.Optional(Outcome),
  message: Type.Optional(Type.String({ description: 'What the code means.' })),
  detail: Type.Optional(Type.String()),
  count: Type.Integer({ minimum: 1, description: 'Number of clients; above 1 only for denied clients.' }),
});
export type ConnectionLogEntry = Static<typeof ConnectionLogEntry>;

export const ConnectionLogPage = Type.Object({
  ...pageOf(ConnectionLogEntry).properties,
  store: Type.Enum(['on', 'off'], {
    description: '`connectionLog.store` of gateway.yaml. Nothing is listed if it is off.',
  }),
});
