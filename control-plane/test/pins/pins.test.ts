import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PinRow } from '@penstock/store';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { Pins } from '../../src/pins/pins.ts';

const pinOf = (subject: string, version: number): PinRow => ({
  scope: 'pool',
  subject,
  version,
  digest: `sha256:${version}`,
  pinnedAt: 1,
  pinnedBy: 'host',
});

const versions = (pins: Pins) => pins.all.map(({ subject, version }) => `${subject} ${version}`).sort();

test('a refresh adds what only the store knows, and does not revert what changed here in the meantime', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  for (const pool of ['removed', 'changed', 'gone']) await store.pins.put(pinOf(pool, 1));
  const pins = await Pins.load(store, () => 'warn');
  await store.pins.put(pinOf('new', 2));
  await store.pins.remove({ scope: 'pool', subject: 'gone' });
  const refreshing = pins.refresh();
  pins.put(pinOf('changed', 3));
  pins.remove({ scope: 'pool', subject: 'removed' });
  await refreshing;
  assert.deepEqual(versions(pins), ['changed 3', 'new 2']);
});

test('when the store fails, everything known stays', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  await store.pins.put(pinOf('dc1', 1));
  const pins = await Pins.load(store, () => 'warn');
  await store.close();
  await assert.rejects(pins.refresh());
  assert.deepEqual(versions(pins), ['dc1 1']);
});
