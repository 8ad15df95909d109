import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '@penstock/wire';
import { agentHealth } from '../../src/composition/agent-health.ts';
import { GatewayLink } from '../../src/composition/gateway-link.ts';
import { GatewayError } from '../../src/tunnel/gateway-error.ts';

const checks = { results: [{ connector: 'orders', reach: 'refused', at: 0 }] } as const;

test('a gateway that answers 429, has no store, or has another time is to blame for missing sessions, and for nothing else', () => {
  const passing = [
    new ProblemError('TOO_MANY_REQUESTS'),
    new ProblemError('STORE_UNAVAILABLE'),
    new GatewayError('GATEWAY_CERTIFICATE_INVALID', 'It is not valid before tomorrow.'),
  ];
  for (const error of passing) {
    const link = new GatewayLink();
    link.failed(error);
    const health = (ready: number) => agentHealth({ link, checks, sessions: { ready, wanted: 2 } });
    assert.equal(health(0).isGatewayBusy, true, error.code);
    link.readiness.acknowledged(15_000);
    assert.equal(health(1).isGatewayBusy, true, 'the other session is still refused');
    const connected = health(2);
    assert.equal(connected.isGatewayBusy, false, 'it has what it wants');
    assert.deepEqual(connected.failing, ['orders']);
    link.failed(new GatewayError('GATEWAY_TLS_FAILED', 'The handshake failed.'));
    assert.equal(health(1).isGatewayBusy, false, 'another failure');
  }
  assert.equal(passing.length, 3);
});
