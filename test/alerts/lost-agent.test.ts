import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { type WebhookReceiver, type WebhookRequest, webhookReceiver } from '../rig/webhook-receiver.ts';

/** Configurations with short intervals. The tests wait longer than these. */
const files = (receiver: WebhookReceiver, more: Readonly<Record<string, unknown>> = {}) => ({
  targets: { orders: 1 },
  agents: { a1: 'dc1' },
  environment: { OPS: `${receiver.url}/T0P53CR3T` },
  gateway: {
    health: { heartbeatInterval: '200ms', staleAfter: '1s' },
    pools: [{ name: 'dc1', minReady: 1 }],
    alerts: [{ condition: 'agent-stale', for: '500ms', receivers: ['ops'] }],
    receivers: [{ name: 'ops', webhook: '${env:OPS}', groupWait: '100ms' }],
    ...more,
  },
});

type Message = {
  readonly id: string;
  readonly alerts: readonly { readonly id: string; readonly state: string; readonly subject: string }[];
};

const messageOf = (request: WebhookRequest | undefined): Message =>
  JSON.parse(request?.text ?? '{}') as Message;
const transitionsIn = (request: WebhookRequest | undefined) =>
  messageOf(request).alerts.map(({ state, subject }) => `${subject} ${state}`);

async function states(pair: Pair): Promise<unknown[]> {
  const { items } = await pair.api('GET /alerts');
  return (items as { state: string; subject: string }[]).map(({ state, subject }) => `${subject} ${state}`);
}

/** Waits until the gateway has stored the delivery. A gateway that stops before repeats the message. */
async function settled(pair: Pair, id: string | undefined): Promise<void> {
  await eventually('the delivery to be stored', async () => {
    const { notifications } = await pair.api(`GET /alerts/${id}`);
    return (notifications as { state: string }[]).every(({ state }) => state === 'delivered');
  });
}

test('the receiver is notified once when an agent is lost, and once when it has returned', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  await using pair = await startPair(files(receiver));
  await pair.stopAgent('a1');
  const [fired] = await receiver.arrived(1);
  assert.deepEqual(transitionsIn(fired), ['agent:a1 firing']);
  assert.deepEqual(await states(pair), ['agent:a1 firing']);
  await pair.startAgent('a1');
  const [, resolved] = await receiver.arrived(2);
  assert.deepEqual(transitionsIn(resolved), ['agent:a1 resolved']);
  assert.equal(messageOf(resolved).alerts[0]?.id, messageOf(fired).alerts[0]?.id);
  assert.deepEqual(await states(pair), ['agent:a1 resolved']);
  assert.equal(receiver.received.length, 2);
  assert.doesNotMatch(JSON.stringify(pair.logged), /T0P53CR3T/);
});

test('after a restart, no notification is repeated, and alerts that ended meanwhile are resolved', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  await using pair = await startPair(files(receiver));
  await pair.stopAgent('a1');
  const [fired] = await receiver.arrived(1);
  await settled(pair, messageOf(fired).alerts[0]?.id);

  await pair.gateway.stop();
  const before = pair.logged.length;
  await pair.restartGateway();
  // The condition still holds and the receiver knows it, so the gateway must send nothing when it finds out again.
  await eventually('the gateway to have looked at a1', () =>
    pair.logged.slice(before).some(({ event, agent }) => event === 'agent-state-changed' && agent === 'a1'),
  );
  assert.deepEqual(await states(pair), ['agent:a1 firing']);

  await pair.gateway.stop();
  await pair.startAgent('a1');
  await pair.restartGateway();
  const [, resolved] = await receiver.arrived(2);
  assert.deepEqual(transitionsIn(resolved), ['agent:a1 resolved']);
  assert.equal(messageOf(resolved).alerts[0]?.id, messageOf(fired).alerts[0]?.id);
  assert.equal(receiver.received.length, 2);
});

test('a message that was undelivered when the gateway stopped is sent after the start, unchanged', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  receiver.answer({ status: 503, headers: { 'retry-after': '1' } });
  await using pair = await startPair(files(receiver));
  await pair.stopAgent('a1');
  const [first] = await receiver.arrived(1);
  await pair.event('notification-failed', { past: true });
  await pair.gateway.stop();
  receiver.answer({ status: 200 });
  const before = receiver.received.length;
  await pair.restartGateway();
  const requests = await receiver.arrived(before + 1);
  assert.equal(messageOf(requests[before]).id, messageOf(first).id);
  assert.equal(requests[before]?.text, first?.text);
});

test('a gateway that has just started does not alert on agents that are still reconnecting', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  await using pair = await startPair(
    files(receiver, {
      health: { heartbeatInterval: '200ms', staleAfter: '5m' },
      alerts: [
        { condition: 'agent-stale', receivers: ['ops'] },
        { condition: 'pool-below-min-ready', receivers: ['ops'] },
      ],
    }),
  );
  await pair.gateway.stop();
  await pair.stopAgent('a1');
  await pair.restartGateway();
  await pair.startAgent('a1');
  await pair.connected('a1');
  assert.deepEqual(await states(pair), []);
  assert.equal(receiver.received.length, 0);
});

test('a pool without agents, and a test message to a receiver', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  await using pair = await startPair(
    files(receiver, {
      alerts: [{ condition: 'pool-below-min-ready', receivers: ['chat'] }],
      receivers: [{ name: 'chat', webhook: '${env:OPS}', format: 'slack', groupWait: '0s' }],
    }),
  );
  const tested = await pair.api('POST /receivers/chat/test');
  assert.deepEqual([tested['delivered'], tested['detail']], [true, 'The receiver responded with HTTP 200.']);
  assert.match((await receiver.arrived(1))[0]?.text ?? '', /this is a test/);
  await assert.rejects(pair.api('POST /receivers/nobody/test'), /no receiver named nobody/);
  await pair.stopAgent('a1');
  const [, fired] = await receiver.arrived(2);
  assert.match(fired?.text ?? '', /pool-below-min-ready\* pool:dc1: .*0 of at least 1 agents are ready/);
  const { items } = await pair.api('GET /audit');
  assert.ok((items as { action: string }[]).some(({ action }) => action === 'receiver.test'));
});

test('/metrics has a series for every fact', async () => {
  await using _leaks = expectNoLeaks();
  await using receiver = await webhookReceiver();
  await using pair = await startPair(files(receiver));
  await pair.stopAgent('a1');
  await receiver.arrived(1);
  const response = await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/metrics`, {
    headers: { connection: 'close' },
  });
  const text = await response.text();
  for (const line of [
    /^penstock_gateway_alerts_firing\{condition="agent-stale"\} 1$/m,
    /^penstock_gateway_alert_messages_total\{receiver="ops",outcome="delivered"\} 1$/m,
    /^penstock_gateway_agent_state\{pool="dc1",agent="a1",state="stale"\} 1$/m,
    /^penstock_gateway_pool_ready_agents\{pool="dc1"\} 0$/m,
    /^penstock_gateway_pool_min_ready_agents\{pool="dc1"\} 1$/m,
    /^penstock_gateway_pool_agents\{pool="dc1",state="stale"\} 1$/m,
    /^penstock_gateway_agent_last_heartbeat_timestamp_seconds\{pool="dc1",agent="a1"\} \d+/m,
    /^penstock_gateway_agent_identity_not_after_timestamp_seconds\{pool="dc1",agent="a1"\} \d+/m,
    /^penstock_gateway_certificate_not_after_timestamp_seconds \d+/m,
    /^penstock_gateway_queue_limit\{pool="dc1"\} 64$/m,
  ]) {
    assert.match(text, line);
  }
});
