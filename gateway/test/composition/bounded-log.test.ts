import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { boundedLog } from '../../src/composition/bounded-log.ts';
import type { GatewayLog } from '../../src/composition/event-catalogue.ts';

/** What a stranger can cause, with fields that it can choose freely. */
const events: readonly (readonly [Parameters<GatewayLog>[0], (index: number) => Record<string, unknown>])[] =
  [
    ['agent-refused', (index) => ({ address: '192.0.2.1', route: `GET /${index}`, code: 'NOT_FOUND' })],
    ['peer-misbehaved', (index) => ({ address: '192.0.2.1', detail: `${index}` })],
    ['client-denied', (index) => ({ client: '192.0.2.1', clientPort: index, detail: `${index}.example` })],
    [
      'client-denied',
      (index) => ({ client: `2001:db8::${index.toString(16)}`, detail: 'one host, one /64' }),
    ],
    ['client-left', (index) => ({ client: '192.0.2.1', clientPort: index })],
    ['connection-failed', (index) => ({ client: '192.0.2.1', id: index, host: `${index}.example` })],
    ['connection-retried', (index) => ({ client: '192.0.2.1', attempt: index })],
    ['session-refused', (index) => ({ address: '192.0.2.1', agentId: 'agt_1', detail: `${index}` })],
    ['accept-failed', (index) => ({ listener: 'tunnel', detail: `${index}` })],
    ['request-failed', (index) => ({ method: 'GET', path: `/${index}` })],
  ];

for (const [event, fieldsOf] of events) {
  test(`${event}: a thousand from one source, ${JSON.stringify(fieldsOf(1))}, are two lines`, async () => {
    const clock = fakeClock();
    const lines: Readonly<Record<string, unknown>>[] = [];
    const { log, flush } = boundedLog((_event, fields = {}) => lines.push(fields), clock);
    for (let index = 0; index < 1000; index += 1) log(event, fieldsOf(index));
    flush();
    assert.equal(lines.length, 2);
    assert.equal(lines[1]?.['repeats'], 999);
  });
}
