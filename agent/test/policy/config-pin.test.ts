import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchPin } from '../../src/policy/watch-pin.ts';

const TWELVE = { version: 12, digest: 'sha256:twelve' };
const THIRTEEN = { version: 13, digest: 'sha256:thirteen' };

function scene() {
  const logged: string[] = [];
  let inForce = TWELVE;
  const pin = watchPin(
    () => inForce,
    (event) => logged.push(event),
  );
  const reload = (stamp: typeof TWELVE) => {
    inForce = stamp;
    pin.configChanged();
  };
  return { pin, logged, reload };
}

test('without a pin, every open is accepted', () => {
  const { pin, logged } = scene();
  assert.equal(pin.refusal(), undefined);
  pin.update({ agentState: 'connected' });
  assert.equal(pin.refusal(), undefined);
  assert.deepEqual(pin.status(), { pin: undefined, agentState: 'connected' });
  assert.deepEqual(logged, []);
});

test('an agent that drifts from an enforced pin refuses opens until its configuration or the pin changes', () => {
  const { pin, logged, reload } = scene();
  pin.update({ pin: { ...THIRTEEN, mode: 'enforce' }, agentState: 'quarantined' });
  assert.equal(pin.refusal()?.code, 'CONFIG_DRIFT');
  assert.match(pin.refusal()?.message ?? '', /runs configuration version 12.* version 13 is pinned/);
  reload(THIRTEEN);
  assert.equal(pin.refusal(), undefined);
  pin.update({ pin: { ...THIRTEEN, digest: 'sha256:other', mode: 'enforce' }, agentState: 'quarantined' });
  assert.equal(pin.refusal()?.code, 'CONFIG_DRIFT');
  pin.update({ agentState: 'connected' });
  assert.equal(pin.refusal(), undefined);
  assert.deepEqual(logged, ['config-drift', 'config-in-sync', 'config-drift', 'config-in-sync']);
});

test('a pin that is not enforced refuses nothing, and the drift is reported', () => {
  for (const mode of ['warn', 'off'] as const) {
    const { pin } = scene();
    pin.update({ pin: { ...THIRTEEN, mode }, agentState: 'degraded' });
    assert.equal(pin.refusal(), undefined);
    assert.equal(pin.status().pin?.drifted, true);
  }
});
