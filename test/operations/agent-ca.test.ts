import assert from 'node:assert/strict';
import { rename, rm } from 'node:fs/promises';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipWithout } from '../rig/optional.ts';
import { OperatedGateway } from './operated-gateway.ts';

test('after a rotation of the agent CA as documented, a running agent enrolls again and keeps its ID', {
  skip: skipWithout('bash'),
}, async () => {
  await using _leaks = expectNoLeaks();
  await using operated = await OperatedGateway.start();
  const { id } = await operated.agentConnected();
  await operated.putToken();
  await operated.stopGateway();
  await operated.follow('Rotating the agent CA');
  assert.match(await operated.init(), /"authority": "created"/);
  await operated.startGateway();
  assert.equal((await operated.agentConnected()).id, id);
  assert.equal(operated.agent?.output.match(/"identity-enrolled"/g)?.length, 2);
});

test('an agent whose token was lost in a rotation enrolls when it has another one and is restarted', {
  skip: skipWithout('bash'),
}, async () => {
  await using _leaks = expectNoLeaks();
  await using operated = await OperatedGateway.start();
  await rm(operated.site.path('token'));
  await operated.stopGateway();
  await operated.follow('Rotating the agent CA');
  await operated.init();
  await operated.startGateway();
  const { agent } = operated;
  await eventually('the agent to be refused', () => agent?.output.includes('IDENTITY_UNKNOWN') === true, {
    within: 60_000,
    state: () => agent?.output,
  });
  await operated.putToken();
  await agent?.stop();
  operated.agent = await operated.site.start('agent', 'agent.yaml');
  await operated.agentConnected();
});

test('a gateway whose store was lost keeps its CA and pins with --new-store, and agents enroll again', async () => {
  await using _leaks = expectNoLeaks();
  await using operated = await OperatedGateway.start();
  await operated.stopGateway();
  const data = operated.site.path('gateway-data');
  for (const end of ['', '-wal', '-shm']) await rm(`${data}/store.sqlite${end}`, { force: true });
  const answer = JSON.parse(await operated.init('--new-store')) as Record<string, unknown>;
  assert.equal(answer['authority'], 'unchanged');
  assert.equal(answer['serverCertificate'], 'unchanged');
  await rename(operated.site.path('token'), operated.site.path('used-token'));
  await operated.startGateway();
  await operated.gateway?.json({ event: 'session-opened' }, 60_000);
});
