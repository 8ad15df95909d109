import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import { bindError, errorText } from '@penstock/wire';
import type { Registry } from 'prom-client';
import type { ReadinessReport } from '../health/readiness.ts';
import type { AgentStatus } from './status.ts';

export type LocalPorts = {
  readonly readiness: () => ReadinessReport;
  readonly status: () => AgentStatus;
  /** Compares the configuration in force with the pinned version, which it requests from the gateway. */
  readonly comparePinned: () => Promise<unknown>;
  readonly registry: Pick<Registry, 'metrics' | 'contentType'>;
};

export type LocalServer = { readonly address: AddressInfo; close(): Promise<void> };

const REQUEST_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 64;

/** Serves /healthz, /readyz, /metrics, /status and /pinned on this host. Throws when the address cannot be opened. */
export async function startLocalServer({ host, port }: HostPort, ports: LocalPorts): Promise<LocalServer> {
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Node's default of 30 s adds as much to both timeouts.
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8192,
    },
    (request, response) => {
      answer(request, response, ports).catch(() => response.destroy());
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.keepAliveTimeout = REQUEST_TIMEOUT_MS;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error) => reject(bindError('local.listen', { host, port }, error)));
  server.listen(port, host, resolve);
  await promise;
  server.on('error', () => {});
  return {
    address: server.address() as AddressInfo,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, ports: LocalPorts): Promise<void> {
  const json = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  // Probes and scrapers append a query, such as ?verbose or ?name[]=…, which changes nothing here.
  switch (request.url?.split('?', 1)[0]) {
    case '/healthz':
      json(200, { status: 'alive' });
      break;
    case '/readyz': {
      const report = ports.readiness();
      json(report.ready ? 200 : 503, report);
      break;
    }
    case '/status':
      json(200, ports.status());
      break;
    case '/pinned':
      await ports.comparePinned().then(
        (comparison) => json(200, comparison),
        (error: unknown) => json(502, { error: errorText(error) }),
      );
      break;
    case '/metrics':
      response
        .writeHead(200, { 'content-type': ports.registry.contentType })
        .end(await ports.registry.metrics());
      break;
    default:
      json(404, { error: 'Not found. Use /healthz, /readyz, /status, /pinned or /metrics.' });
  }
}
