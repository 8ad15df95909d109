import { TestClient } from '../rig/client.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startGreeter } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { webhookReceiver } from '../rig/webhook-receiver.ts';
import { originOf } from './browser.ts';

export type Showcase = AsyncDisposable & { readonly pair: Pair };

/**
 * A fleet with something to see on every page: two pools, a connection that works and one whose target refuses, a client
 * that is connected, an agent that maria has revoked, two versions of which one is pinned, an alert that has been sent, and
 * an action that waits for an approval.
 */
export async function startShowcase(): Promise<Showcase> {
  await using starting = new AsyncDisposableStack();
  const orders = starting.use(await startGreeter('hello'));
  const hook = starting.use(await webhookReceiver());
  const pair = starting.use(
    await startPair({
      targets: { orders: orders.address.port, billing: await unusedPort() },
      agents: { 'dc1-h1': 'dc1', 'dc1-h2': 'dc1', 'dc1-h3': 'dc1', 'dc2-h1': 'dc2' },
      agent: { version: 13, policy: { remote: { restart: 'allow' } } },
      gateway: {
        organization: 'Acme',
        pools: [
          { name: 'dc1', pinning: 'enforce' },
          { name: 'dc2', minReady: 2, requireApproval: ['drain'] },
        ],
        alerts: [{ condition: 'connection-failing', receivers: ['ops'] }],
        receivers: [{ name: 'ops', webhook: '${env:HOOK}' }],
        health: { failingOpensMinimum: 1 },
      },
      environment: { HOOK: hook.url },
    }),
  );
  for (const version of [12, 13, 14]) {
    const connectors = version < 14 ? {} : { drain: { timeout: '90s' } };
    const content = pair.agentFile('dc1-h1', { version, ...connectors });
    await pair.api('POST /config-versions', { pool: 'dc1', content });
  }
  await pair.api('PUT /pins/pools/dc1', { version: 13 });
  await pair.api('POST /grants', { connections: ['orders'], name: 'etl' });
  // A drain of this pool waits for an approval if an operator asks for it.
  await actAs(pair, 'oncall', 'operator', 'agents/dc2-h1/drain');
  await actAs(pair, 'maria', 'admin', 'agents/dc1-h3/revoke');
  await pair.stopAgent('dc1-h3');
  const connected = starting.use(await TestClient.connect({ host: '127.0.0.1', port: pair.port('orders') }));
  await connected.read(5);
  const refused = starting.use(await TestClient.connect({ host: '127.0.0.1', port: pair.port('billing') }));
  await closeOf(refused);
  await hook.arrived(1);
  const started = starting.move();
  return { pair, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** Does something with a new admin token of this name. */
async function actAs(pair: Pair, name: string, role: string, path: string): Promise<void> {
  const { token } = await pair.api('POST /admin-tokens', { name, role });
  const response = await fetch(`${originOf(pair)}/api/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
}

/** Resolves when the connection has ended; a reset is an end, and not a failure of the test. */
export function closeOf({ socket }: TestClient): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  socket.resume();
  return promise;
}
