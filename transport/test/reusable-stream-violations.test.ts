import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { closed, frameHeaderOf, openStream, watch } from './reusable-stream-fixture.ts';

const violations: Record<string, (stream: Awaited<ReturnType<typeof openStream>>) => void> = {
  'data behind the end of a direction': ({ streams }) =>
    streams.agent.write(Buffer.from('0000000000000000000161', 'hex')),
  'an id that is too long': ({ streams }) => streams.agent.write(frame('i'.repeat(65))),
  'an id that is none': ({ streams }) => streams.agent.write(frame('../x')),
  'the end of frames between connections': ({ streams }) => streams.agent.write(frameHeaderOf(2 ** 32 - 1)),
  'an empty id': ({ streams }) => streams.agent.write(Buffer.alloc(4)),
};

const frame = (text: string) => Buffer.concat([frameHeaderOf(text.length), Buffer.from(text)]);

for (const [what, violate] of Object.entries(violations)) {
  test(`${what} is a violation`, async () => {
    await using _leaks = expectNoLeaks();
    await using stream = await openStream();
    if (what !== 'data behind the end of a direction') {
      for (const { use } of [stream.agent, stream.gateway]) use.resume().end();
      await closed(stream.agent.use, stream.gateway.use);
    }
    stream.gateway.use.resume();
    violate(stream);
    await eventually('the violation', () => stream.violations.length === 1);
    assert.deepEqual(stream.started, []);
    assert.equal(stream.streams.gateway.destroyed, true);
  });
}

test('the gateway begins no use', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  for (const { use } of [stream.agent, stream.gateway]) use.resume().end();
  await closed(stream.agent.use, stream.gateway.use);
  stream.gateway.start('k-1');
  await eventually('the violation', () => stream.violations.length === 1);
});

test('whatever two ends do with connections on one stream, each gets the bytes of its own', async () => {
  await using _leaks = expectNoLeaks();
  const side = fc.constantFrom('agent' as const, 'gateway' as const);
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), side, bytes: fc.integer({ min: 1, max: 200_000 }) }),
    fc.record({
      do: fc.constantFrom('end' as const, 'pause' as const, 'resume' as const, 'turn' as const),
      side,
    }),
  );
  const uses = fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(uses, async (connections) => {
      await using streams = new AsyncDisposableStack();
      let stream = streams.use(await openStream());
      let ends = { agent: stream.agent.use, gateway: stream.gateway.use };
      let seed = 0;
      for (const [number, steps] of connections.entries()) {
        const sent = { agent: [] as Buffer[], gateway: [] as Buffer[] };
        const seen = { agent: watch(ends.agent), gateway: watch(ends.gateway) };
        for (const each of steps) {
          const use = ends[each.side];
          if (each.do === 'turn') await turn();
          else if (each.do !== 'write') use[each.do]();
          else if (use.writable) {
            seed += 1;
            const bytes = Buffer.alloc(each.bytes, `${number}/${seed} `);
            sent[each.side].push(bytes);
            use.write(bytes);
          }
        }
        for (const use of [ends.agent, ends.gateway]) use.resume().end();
        await closed(ends.agent, ends.gateway);
        assert.equal(seen.agent.bytes().equals(Buffer.concat(sent.gateway)), true);
        assert.equal(seen.gateway.bytes().equals(Buffer.concat(sent.agent)), true);
        const moved = Object.values(sent).map((chunks) => Buffer.concat(chunks).length);
        assert.equal(stream.agent.isFree, Math.max(...moved) <= 256 * 1024);
        assert.deepEqual(stream.violations, []);
        if (stream.agent.isFree) ends = await stream.next(`connection-${number}`);
        else {
          stream = streams.use(await openStream());
          ends = { agent: stream.agent.use, gateway: stream.gateway.use };
        }
      }
    }),
  );
});
