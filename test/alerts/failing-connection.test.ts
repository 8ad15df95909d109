import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { clientOf, expectReset } from '../data-path/client-of.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { webhookReceiver } from '../rig/webhook-receiver.ts';

type Message = {
  alerts: { state: string; condition: string; subject: string; detail: string; advice: string }[];
};

test('a dead target fires connection-failing with the code of the cause, and clients that succeed resolve it', async () => {
  await using _leaks = expectNoLeaks();
  await using hook = await webhookReceiver();
  const port = await unusedPort();
  const target = createServer((socket) => socket.pipe(socket).on('error', () => {}));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => void target.close());
  await using pair = await startPair({
    targets: { orders: port },
    agents: { a1: 'dc1' },
    environment: { OPS: hook.url },
    gateway: {
      // A fifth of the window without a failure resolves the alert.
      health: { failingOpensWindow: '10s' },
      alerts: [{ condition: 'connection-failing', receivers: ['ops'] }],
      receivers: [{ name: 'ops', webhook: '${env:OPS}', groupWait: '0s' }],
    },
  });
  const messages = async (count: number) =>
    (await hook.arrived(count)).map(({ text }) => (JSON.parse(text) as Message).alerts[0]);

  for (let index = 0; index < 3; index += 1) await expectReset(pair, 'orders');
  const [fired] = await messages(1);
  assert.deepEqual(
    [fired?.state, fired?.condition, fired?.subject],
    ['firing', 'connection-failing', 'connection:orders'],
  );
  assert.equal(
    fired?.detail,
    '3 of 3 opens in the last 10 s failed: 3 × REFUSED. The target refused the connection.',
  );
  assert.match(fired?.advice ?? '', /To see each stage, run penstock-gateway connection explain orders\.$/);

  target.listen(port, '127.0.0.1');
  await once(target, 'listening');
  await eventually(
    'the alert to be resolved',
    async () => {
      const client = await clientOf(pair, 'orders');
      client.send('x');
      await client.read(1);
      client.finish();
      await client.receive();
      return hook.received.length === 2;
    },
    { within: 30_000 },
  );
  const [, resolved] = await messages(2);
  assert.deepEqual([resolved?.state, resolved?.subject], ['resolved', 'connection:orders']);
});
