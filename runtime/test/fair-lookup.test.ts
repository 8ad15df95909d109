import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../test/rig/fake-clock.ts';
import { fairLookup, type HostAddress, type LookupLimits } from '../src/fair-lookup.ts';

const answer: readonly HostAddress[] = [{ address: '192.0.2.1', family: 4 }];
const limits: LookupLimits = { concurrent: 8, unanswered: 2, perDomain: 3, queued: 12, queuedPerDomain: 5 };

/** A resolver that answers when the test says so. Fake. */
function silentResolver() {
  const asked: { readonly host: string; answer(): void; fail(code?: string): void }[] = [];
  const clock = fakeClock();
  const lookup = fairLookup(
    (host) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly HostAddress[]>();
      const fail = (code = 'EAI_AGAIN') => reject(Object.assign(new Error(code), { code }));
      asked.push({ host, answer: () => resolve(answer), fail });
      return promise;
    },
    limits,
    clock,
  );
  const results: Promise<unknown>[] = [];
  return {
    clock,
    lookup,
    running: () => asked.map(({ host }) => host),
    ask: (...hosts: string[]) =>
      results.push(...hosts.map((host) => lookup(host).catch((error) => error.code))),
    end: (host: string, code?: string) => {
      const found = asked.splice(
        asked.findIndex((each) => each.host === host),
        1,
      )[0];
      if (code === undefined) found?.answer();
      else found?.fail(code);
      return clock.pass(0);
    },
    async endAll() {
      while (asked.length > 0) await this.end(asked[0]?.host ?? '');
      return Promise.all(results);
    },
  };
}

test('a domain whose name servers do not answer never delays another', async () => {
  const resolver = silentResolver();
  resolver.ask('a.dead.test', 'b.dead.test', 'c.dead.test', 'd.dead.test', 'e.dead.test');
  assert.deepEqual(resolver.running(), ['a.dead.test', 'b.dead.test', 'c.dead.test']);
  resolver.ask('db.good.test');
  assert.equal(resolver.running().at(-1), 'db.good.test');
  await resolver.endAll();
});

test('all domains that do not answer share a few lookups', async () => {
  const resolver = silentResolver();
  const { clock } = resolver;
  for (const domain of ['one', 'two', 'three', 'four']) resolver.ask(`a.${domain}.test`);
  await clock.pass(1_500);
  // All four are marked now, and more than two of them run: nothing of theirs starts until that has changed.
  resolver.ask('b.one.test', 'b.two.test', 'c.one.test');
  assert.equal(resolver.running().length, 4);
  resolver.ask('x.good.test', 'y.good.test', 'z.good.test', 'x.other.test');
  assert.equal(resolver.running().length, 8);
  for (const domain of ['one', 'two', 'three']) await resolver.end(`a.${domain}.test`, 'EAI_AGAIN');
  assert.deepEqual(
    resolver.running().filter((host) => host.startsWith('b.')),
    ['b.one.test'],
  );
  await resolver.end('a.four.test', 'EAI_AGAIN');
  assert.ok(resolver.running().includes('b.two.test'));
  await resolver.endAll();
});

test('a domain that answers again gets its share back, and so does one that nobody asked for a while', async () => {
  const resolver = silentResolver();
  resolver.ask('a.zone.test');
  await resolver.end('a.zone.test', 'EAI_AGAIN');
  resolver.ask('b.zone.test', 'c.zone.test', 'd.zone.test');
  assert.equal(resolver.running().length, 2);
  await resolver.end('b.zone.test');
  assert.equal(resolver.running().length, 2);
  resolver.ask('e.zone.test');
  assert.equal(resolver.running().length, 3);
  await resolver.endAll();
});

test('a name that does not exist is an answer of its domain', async () => {
  const resolver = silentResolver();
  resolver.ask('a.zone.test');
  await resolver.end('a.zone.test', 'ENOTFOUND');
  resolver.ask('b.zone.test', 'c.zone.test', 'd.zone.test');
  assert.equal(resolver.running().length, 3);
  await resolver.endAll();
});

test('lookups fail immediately when too many wait, in total or for one domain, and state why', async () => {
  const resolver = silentResolver();
  resolver.ask(...Array.from({ length: 8 }, (_, index) => `${index}.dead.test`));
  await assert.rejects(resolver.lookup('more.dead.test'), {
    code: 'EAI_AGAIN',
    message: /more\.dead\.test was not resolved.*name servers/,
  });
  resolver.ask('db.good.test');
  assert.ok(resolver.running().includes('db.good.test'));
  for (const domain of ['p', 'q', 'r', 's']) resolver.ask(`1.${domain}`, `2.${domain}`, `3.${domain}`);
  await assert.rejects(resolver.lookup('1.t'), { code: 'EAI_AGAIN' });
  const results = await resolver.endAll();
  assert.equal(results.length, 21);
});

test('names of one label, case and a final dot', async () => {
  const resolver = silentResolver();
  resolver.ask('db1', 'db2', 'db3', 'db4');
  assert.equal(resolver.running().length, 4);
  resolver.ask('A.Zone.test', 'b.zone.test.', 'c.zone.TEST', 'd.zone.test');
  assert.equal(resolver.running().length, 7);
  await resolver.endAll();
});
