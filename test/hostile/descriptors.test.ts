import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { startTarget } from './target.ts';

/** More than an idle gateway needs, and fewer than the clients of the test. */
const DESCRIPTORS = 128;

test('a gateway without free descriptors keeps its clients, logs it, and accepts others once some are free', async () => {
  await using target = await startTarget({ descriptors: DESCRIPTORS });
  const { gateway, ingress, logged } = target;
  await using live = await TestClient.connect(ingress);
  assert.equal(await live.echo('before', 15_000), 'before');
  {
    await using crowd = new AsyncDisposableStack();
    const come = async () => {
      const client = crowd.use(await TestClient.connect(ingress));
      return client.receive(90_000);
    };
    const ends = Array.from({ length: DESCRIPTORS }, come);
    const { bytes, ended } = await deadline('a client to be closed', Promise.race(ends), 30_000);
    assert.deepEqual({ bytes, ended }, { bytes: 0, ended: 'fin' });
    const exhausted = await gateway.json({ event: 'descriptors-exhausted' }, 30_000);
    assert.match(String(exhausted['detail']), /LimitNOFILE.*EMFILE/);
    assert.equal(await live.echo('meanwhile', 15_000), 'meanwhile');
    assert.equal(logged('descriptors-recovered').length, 0);
  }
  await gateway.json({ event: 'descriptors-recovered' }, 30_000);
  assert.equal(await live.echo('after', 15_000), 'after');
  await eventually(
    'new clients to be served',
    () =>
      target.serve().then(
        () => true,
        () => false,
      ),
    {
      within: 30_000,
    },
  );
  // At most once a second, however many clients connected.
  assert.ok(logged('descriptors-exhausted').length < 60);
  assert.ok(gateway.running);
});
