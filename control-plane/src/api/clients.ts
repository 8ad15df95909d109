import {
  ClientList,
  ClientQuery,
  DisconnectedClient,
  IdParams,
  NameParams,
  problemResponses,
} from '@penstock/api-schema';
import type { Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { ConnectedClients } from './connected-clients.ts';
import type { TypedApp } from './typed-app.ts';

export type ClientsDependencies = {
  readonly store: Pick<Store, 'audit'>;
  readonly clients: ConnectedClients;
  readonly hasConnection: (name: string) => boolean;
  readonly clock: () => number;
};

/** The clients of a connection that are connected now, and the end of one. */
export function clientRoutes(app: TypedApp, dependencies: ClientsDependencies): void {
  const { store, clients, hasConnection, clock } = dependencies;

  app.get(
    '/connections/:name/clients',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the connected clients of a connection',
        description: 'Those of all replicas, each with the replica that accepted it.',
        tags: ['connections'],
        params: NameParams,
        querystring: ClientQuery,
        response: { 200: ClientList, ...problemResponses },
      },
    },
    async ({ params: { name }, query: { limit, client } }) => {
      if (!hasConnection(name)) {
        throw new ProblemError('NOT_FOUND', `gateway.yaml has no connection named ${name}.`);
      }
      return clients.list({ connection: name, limit, client });
    },
  );

  app.post(
    '/connection-log/:id/disconnect',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'End the connection of a client',
        description:
          'Client and target are reset with the code `OPERATOR_CLOSED`. The client may connect again: revoke its grant to ' +
          'prevent that.',
        tags: ['connections'],
        params: IdParams,
        response: { 200: DisconnectedClient, ...problemResponses },
      },
    },
    async ({ params: { id }, actor }) => {
      const found = await clients.find(id);
      if (found === undefined) throw gone(id);
      const { connection, client, grant, agent, replica } = found;
      await store.audit.append({
        at: clock(),
        actor: actor.id,
        action: 'client.disconnect',
        subject: `connection:${connection}`,
        address: actor.address,
        before: { id, client, grant: grant?.name, agent, replica },
      });
      if (!(await clients.disconnect(id))) throw gone(id);
      return { id, connection: connection ?? '', client: client ?? '' };
    },
  );
}

const gone = (id: string) =>
  new ProblemError('NOT_FOUND', `No client with the ID ${id} is connected. It may have left by itself.`);
