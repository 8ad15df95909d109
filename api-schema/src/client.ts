import { type Static, Type } from '@penstock/json-schema';
import { ConnectionLogEntry } from './connection-log.ts';
import { MAX_PAGE_SIZE } from './page.ts';

export const ClientQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: MAX_PAGE_SIZE, default: 100 }),
    client: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'Only clients with this address or grant.' }),
    ),
  },
  { additionalProperties: false },
);

export const ClientList = Type.Object({
  items: Type.Array(ConnectionLogEntry, {
    description: 'Clients that are connected now, the longest first.',
  }),
  total: Type.Integer(),
  missing: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Replicas that did not answer in time. Their clients are neither listed nor counted.',
    }),
  ),
});
export type ClientList = Static<typeof ClientList>;

export const DisconnectedClient = Type.Object({
  id: Type.String(),
  connection: Type.String(),
  client: Type.String(),
});
export type DisconnectedClient = Static<typeof DisconnectedClient>;
