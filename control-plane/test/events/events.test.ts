import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishDetailChanges } from '../../src/events/detail-changes.ts';
import { FleetEvents } from '../../src/events/events.ts';
import type { FleetEvent } from '../../src/events/fleet-event.ts';

const alert = (id: string) =>
  ({ id, condition: 'agent-stale', subject: 'agent:a', state: 'firing', detail: '' }) as const;

function listener(): { heard: FleetEvent[]; ended: number; event(e: FleetEvent): void; end(): void } {
  return {
    heard: [],
    ended: 0,
    event(event) {
      this.heard.push(event);
    },
    end() {
      this.ended += 1;
    },
  };
}

const idsOf = (events: readonly FleetEvent[] | undefined) =>
  events?.map(({ data }) => ('id' in data ? data.id : '-'));

const missedAfter = (events: FleetEvents, id: string) => events.resume(id)?.missed;

test('an event reaches every current listener and no removed one', () => {
  const events = new FleetEvents();
  const one = listener();
  const stop = events.listen(one);
  events.publish('alert', alert('1'));
  stop();
  events.publish('alert', alert('2'));
  assert.deepEqual(idsOf(one.heard), ['1']);
  assert.equal(events.listeners, 0);
});

test('a listener that resumes receives each missed event exactly once', () => {
  const events = new FleetEvents();
  const start = events.lastId;
  for (const id of ['1', '2', '3']) events.publish('alert', alert(id));
  assert.deepEqual(idsOf(missedAfter(events, start)), ['1', '2', '3']);
  const [, second] = missedAfter(events, start) ?? [];
  assert.deepEqual(idsOf(missedAfter(events, second?.id ?? '')), ['3']);
  assert.deepEqual(missedAfter(events, events.lastId), []);
});

test('a listener cannot resume from an id that is too old, from another process or malformed', () => {
  const events = new FleetEvents();
  const start = events.lastId;
  events.publish('alert', alert('first'));
  const first = events.lastId;
  for (let id = 0; id < 1024; id += 1) events.publish('alert', alert(String(id)));
  assert.equal(missedAfter(events, start), undefined);
  assert.equal(missedAfter(events, first)?.length, 1024);
  const other = new FleetEvents();
  for (const id of [other.lastId, '', 'x', `${start}0000`, start.replace(/-.*/, '-99999')]) {
    assert.equal(missedAfter(events, id), undefined, id);
  }
});

test('transient events are published but not kept for replay', () => {
  const events = new FleetEvents();
  const one = listener();
  events.listen(one);
  const before = events.lastId;
  events.publish('connections', { items: [] });
  assert.equal(one.heard[0]?.id, undefined);
  assert.equal(events.lastId, before);
});

test('a source runs once, and only while there are listeners', () => {
  const events = new FleetEvents();
  const running: string[] = [];
  events.addSource(() => {
    running.push('start');
    return () => running.push('stop');
  });
  const stops = [events.listen(listener()), events.listen(listener())];
  assert.deepEqual(running, ['start']);
  for (const stop of [...stops, ...stops]) stop();
  assert.deepEqual(running, ['start', 'stop']);
});

test('closing ends every listener, including ones added later', () => {
  const events = new FleetEvents();
  const one = listener();
  const late = listener();
  events.listen(one);
  events.close();
  events.publish('alert', alert('1'));
  events.listen(late);
  assert.deepEqual([one.heard.length, one.ended, late.ended], [0, 1, 1]);
});

test('of an agent that changes again and again only the last event is replayed, and it pushes out nothing else', () => {
  const events = new FleetEvents();
  const start = events.lastId;
  events.publish('alert', alert('first'));
  for (let count = 0; count < 5_000; count += 1) {
    const state = count % 2 === 0 ? 'stale' : 'connected';
    events.publish('agent', { name: `a${count % 3}`, pool: 'dc1', state });
  }
  const replayed = missedAfter(events, start);
  assert.deepEqual(
    replayed?.map(({ type }) => type),
    ['alert', 'agent', 'agent', 'agent'],
  );
  const last = replayed?.at(-1);
  assert.deepEqual([last?.id, last?.type === 'agent' && last.data.name], [events.lastId, 'a1']);
});

test('details are published once a second for each agent, while someone listens, and are not replayed', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const events = new FleetEvents();
  const listeners = new Set<(name: string) => void>();
  const onDetail = (each: (name: string) => void) => {
    listeners.add(each);
    return () => listeners.delete(each);
  };
  publishDetailChanges(events, onDetail, (name) => ({ name, pool: 'dc1', state: 'stale', detail: 'now' }));
  assert.equal(listeners.size, 0);
  const one = listener();
  const stop = events.listen(one);
  const [changed] = listeners;
  for (let count = 0; count < 120; count += 1) changed?.(`a${count % 60}`);
  assert.equal(one.heard.length, 0);
  t.mock.timers.tick(1_000);
  assert.equal(one.heard.length, 50);
  t.mock.timers.tick(1_000);
  assert.deepEqual(
    [one.heard.length, one.heard[0]?.id, missedAfter(events, events.lastId)],
    [60, undefined, []],
  );
  stop();
  assert.equal(listeners.size, 0);
});
