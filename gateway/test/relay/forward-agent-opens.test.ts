import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OwnerMessage, peerLimits } from '@penstock/cluster';
import { AgentOpens } from '@penstock/control-plane';
import { AgentOpensForwarder } from '../../src/relay/forward-agent-opens.ts';

/** Two replicas: the opens of `there` are forwarded to `here` while they are wanted. */
function twoReplicas() {
  const [here, there] = [new AgentOpens(), new AgentOpens()];
  const link = { isLagging: false, messages: 0 };
  const forwarder = new AgentOpensForwarder(
    {
      get isLagging() {
        return link.isLagging;
      },
      send(message: OwnerMessage) {
        assert.ok(message.type === 'agent-opens');
        assert.ok(message.items.length <= peerLimits.agentOpens);
        link.messages += 1;
        // As it arrives after its way through JSON.
        const { items } = JSON.parse(JSON.stringify(message)) as typeof message;
        for (const { agent, ...counts } of items) here.include(agent, counts);
      },
    },
    there,
  );
  here.onDemand((isWanted) => forwarder.set(isWanted));
  return { here, there, link, forwarder };
}

test('opens at another replica count from the moment at which they are wanted', () => {
  const { here, there, link, forwarder } = twoReplicas();
  there.add('agent-1', 3, undefined);
  here.setWanted(true);
  here.add('agent-1', 3, undefined);
  there.add('agent-1', 3, 'REFUSED');
  there.add('agent-1', 700, undefined);
  there.add('agent-1', 3, 'CLIENT_GONE');
  assert.equal(here.of('agent-1').opened, 1, 'before the next message');
  forwarder.publish();
  const { opened, failed, durations } = here.of('agent-1');
  assert.deepEqual({ opened, failed }, { opened: 2, failed: 1 });
  assert.equal(
    durations.reduce((sum, count) => sum + (count ?? 0), 0),
    2,
  );
  forwarder.publish();
  assert.equal(link.messages, 1, 'nothing is sent twice');
  assert.deepEqual(here.of('agent-1'), { opened, failed, durations });
  here.setWanted(false);
  there.add('agent-1', 3, undefined);
  forwarder.publish();
  here.setWanted(true);
  forwarder.publish();
  assert.equal(here.of('agent-1').opened, 2);
});

test('what a peer cannot be sent soon is dropped, and only so many agents are counted in between', () => {
  const { here, there, link, forwarder } = twoReplicas();
  here.setWanted(true);
  const openAll = () => {
    for (let index = 0; index < peerLimits.openedAgents + 10; index += 1) {
      there.add(`agent-${index}`, 3, undefined);
      there.add(`agent-${index}`, 3, 'REFUSED');
    }
  };
  link.isLagging = true;
  openAll();
  forwarder.publish();
  link.isLagging = false;
  forwarder.publish();
  assert.equal(link.messages, 0);
  openAll();
  forwarder.publish();
  assert.equal(link.messages, peerLimits.openedAgents / peerLimits.agentOpens);
  const { opened, failed } = here.of(`agent-${peerLimits.openedAgents - 1}`);
  assert.deepEqual({ opened, failed }, { opened: 1, failed: 1 });
  assert.equal(here.of(`agent-${peerLimits.openedAgents}`).opened, 0);
});
