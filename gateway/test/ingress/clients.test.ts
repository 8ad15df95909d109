import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { mock, test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import type { ClientOptions } from '../../src/ingress/client-connection.ts';
import { Clients } from '../../src/ingress/clients.ts';
import type { RoutedClient } from '../../src/ingress/routed-client.ts';

test('a metric that cannot be counted costs one client, not the process', async () => {
  const ended = mock.fn();
  const refuse = mock.fn();
  const clients = new Clients({
    dial: () => Promise.reject(new TunnelError('NO_AGENT')),
    kindOf: () => undefined,
    halfClosedTimeout: () => 0,
    resumeLimits: () => ({ for: 0 }),
    idleTimeout: () => 0,
    connectionLog: { begin: () => ({ id: 'c1', dialed() {}, ended }) },
    elsewhere: { clientsOf: () => 0 },
    isEndLogged: () => false,
    log: () => {},
    metrics: {
      failed: () => {
        throw new TypeError('not a number');
      },
    },
  } as unknown as ClientOptions);
  clients.apply(new Map([['db', 10]]));
  const socket = new PassThrough();
  const source = { address: '192.0.2.1', port: 1 };
  clients.serve('db', { socket, source, refuse } as unknown as RoutedClient, {
    ingress: undefined,
    ingressKind: undefined,
  });
  // An unhandled rejection fails the test.
  await clients.idle();
  assert.equal(refuse.mock.callCount(), 1);
  assert.equal(ended.mock.callCount(), 1);
  assert.equal(clients.countsOf('db').failedTotal, 1);
  socket.destroy();
});
