import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { parseGatewayConfig } from '@penstock/config-schema';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { Denials } from '../../src/access/denials.ts';
import { Ingresses, type IngressOptions } from '../../src/ingress/ingresses.ts';

const RETRY_INTERVAL_MS = 5_000;

function configOf(port: number, allow: string) {
  const result = parseGatewayConfig(
    JSON.stringify({
      apiVersion: 'penstock/v1',
      kind: 'Gateway',
      version: 1,
      organization: 'acme',
      listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
      dataDirectory: 'data',
      pools: [{ name: 'dc1' }],
      connections: [
        {
          name: 'db',
          connector: 'db',
          pools: ['dc1'],
          ingress: [{ tcp: `127.0.0.1:${port}`, allow: [allow] }],
        },
      ],
    }),
    { environment: {}, readFile: () => '', directory: '/tmp' },
  );
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

test('a listener that is being opened again when a reload comes gets the new allow list', async (t) => {
  const occupier = createServer().listen(0, '127.0.0.1');
  await once(occupier, 'listening');
  const { port } = occupier.address() as AddressInfo;
  const before = configOf(port, '192.0.2.0/24');
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const ingresses = new Ingresses({
    limits: () => before.limits,
    denials: new Denials(Date.now),
    clock: fakeClock(),
    log: () => {},
  } as unknown as IngressOptions);
  await ingresses.apply(before, false);
  assert.equal(ingresses.failures.size, 1);
  occupier.close();
  await once(occupier, 'close');
  t.mock.timers.tick(RETRY_INTERVAL_MS);
  // The retry listens now, and the reload finds no open listener.
  await ingresses.apply(configOf(port, '198.51.100.0/24'), false);
  assert.equal(ingresses.failures.size, 0);
  assert.deepEqual(
    ingresses.ingressesOf('db').map(({ ingress }) => ingress.allow),
    [['198.51.100.0/24']],
  );
  await ingresses.stopAccepting();
});
