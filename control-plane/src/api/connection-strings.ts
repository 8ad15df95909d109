import {
  CLIENT_HOST_PATTERN,
  ConnectionStringList,
  ConnectionStringQuery,
  type ConnectionStringResource,
  NameParams,
  problemResponses,
} from '@penstock/api-schema';
import {
  type ConnectionString,
  connectionStrings,
  driverNotes,
  driversFor,
  everyDriver,
} from '@penstock/connection-strings';
import { ProblemError } from '@penstock/wire';
import type { ConnectionView } from './connections.ts';
import type { TypedApp } from './typed-app.ts';

/** Stands for the host when neither the request nor its `Host` has one. */
const UNKNOWN_HOST = 'GATEWAY';

/** /connections/{name}/strings: what drivers need to use a connection. */
export function connectionStringRoutes(app: TypedApp, connections: () => readonly ConnectionView[]): void {
  app.get(
    '/connections/:name/strings',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the connection strings of a connection',
        description:
          'For each driver and each open ingress. Without `driver`, those for the kind of the connection; all of them if its ' +
          'kind is not known.',
        tags: ['connections'],
        params: NameParams,
        querystring: ConnectionStringQuery,
        response: { 200: ConnectionStringList, ...problemResponses },
      },
    },
    async ({ params: { name }, query, hostname }) => {
      const connection = connections().find((each) => each.name === name);
      if (connection === undefined) {
        throw new ProblemError('NOT_FOUND', `gateway.yaml has no connection ${name}.`);
      }
      const { kind, ingress } = connection;
      const drivers = driversOf(kind, query.driver);
      const host = query.host ?? hostOf(hostname);
      const { user, database } = query;
      const target = targetOf(query.target);
      const strings = connectionStrings(drivers, ingress, {
        clientHost: host,
        connection: name,
        user,
        database,
        grant: 'GRANT',
        target,
      });
      return {
        connection: name,
        ...(kind !== undefined && { kind }),
        host,
        drivers: drivers.map((driver) => ({ name: driver.name, title: driver.title, kind: driver.kind })),
        items: strings.map(resourceOf),
      };
    },
  );
}

function driversOf(kind: ConnectionView['kind'], wanted: string | undefined): typeof everyDriver {
  if (wanted === undefined) {
    const fitting = driversFor(kind);
    return fitting.length === 0 ? everyDriver : fitting;
  }
  const found = everyDriver.filter(({ name }) => name === wanted);
  if (found.length > 0) return found;
  const names = everyDriver.map(({ name }) => name).join(', ');
  throw new ProblemError('REQUEST_INVALID', `driver is ${wanted}, which is not one of ${names}.`);
}

/** The host of `Host`, which a client chooses freely. */
function hostOf(hostname: string): string {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new RegExp(CLIENT_HOST_PATTERN).test(host) ? host : UNKNOWN_HOST;
}

function targetOf(text: string | undefined): { host: string; port: number } | undefined {
  if (text === undefined) return undefined;
  const [, host = '', digits] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (port >= 1 && port <= 65_535) return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
  throw new ProblemError(
    'REQUEST_INVALID',
    `target is ${text}. It must be host:port with a port up to 65535.`,
  );
}

function resourceOf({ driver, endpoint, recipe }: ConnectionString): ConnectionStringResource {
  const { kind, ...rest } = endpoint;
  const head = { driver: driver.name, ingress: kind, ...rest };
  if ('unsupported' in recipe) return { ...head, possible: false, reason: recipe.unsupported };
  const { connect, also = [], notes } = recipe;
  return {
    ...head,
    possible: true,
    connect,
    also: [...also],
    notes: notes.map((id) => ({ id, text: driverNotes[id] })),
  };
}
