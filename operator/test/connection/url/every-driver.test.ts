import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyDriver } from '../../../src/connection/url/every-driver.ts';
import { notes } from '../../../src/connection/url/notes.ts';
import { recipeFor } from '../../../src/connection/url/recipe.ts';
import type { Blanks, WayIn } from '../../../src/connection/url/way-in.ts';

const blanks: Blanks = {
  connection: 'orders',
  user: 'ann',
  database: 'shop',
  grant: 'GRANT',
  target: undefined,
};
const gateway = { host: 'gateway.example.com', port: 15_432 };
const ways: readonly WayIn[] = [
  { kind: 'tcp', ...gateway },
  { kind: 'sni', mode: 'passthrough', ...gateway },
  { kind: 'sni', mode: 'terminate', ...gateway },
  { kind: 'socks5', grant: 'required', ...gateway },
  { kind: 'socks5', grant: 'none', ...gateway },
  { kind: 'httpConnect', grant: 'required', tls: 'on', ...gateway },
  { kind: 'httpConnect', grant: 'none', tls: 'off', ...gateway },
];

test('every driver has an answer for every way in: where to connect to, or what to take instead', () => {
  let possible = 0;
  for (const driver of everyDriver) {
    for (const way of ways) {
      const recipe = recipeFor(driver, way, blanks);
      if ('not' in recipe) {
        assert.match(recipe.not, /\. Use .*\.$/, `${driver.name} ${way.kind}`);
        continue;
      }
      possible += 1;
      const said = [recipe.connect, ...(recipe.also ?? [])].join(' ');
      assert.match(said, /gateway\.example\.com/, `${driver.name} ${way.kind}`);
      assert.match(said, /15432/, `${driver.name} ${way.kind}`);
      const shown = way.kind === 'socks5' || way.kind === 'httpConnect';
      // curl's password belongs to the proxy; a grant is shown where it is needed, and nowhere else.
      assert.equal(
        said.includes('GRANT'),
        shown && way.grant === 'required',
        `${driver.name} ${way.kind} ${said}`,
      );
    }
  }
  assert.equal(everyDriver.length, 12);
  assert.ok(possible > 40, `${possible}`);
});

test('every note is used by a driver', () => {
  const used = new Set(
    everyDriver.flatMap((driver) =>
      ways.flatMap((way) => {
        const recipe = recipeFor(driver, way, blanks);
        return 'not' in recipe ? [] : recipe.notes;
      }),
    ),
  );
  assert.deepEqual([...used].sort(), Object.keys(notes).sort());
});

test('an address of IPv6 stands in brackets, and a proxy is asked for the target where it is known', () => {
  const [pgjdbc] = everyDriver;
  assert.ok(pgjdbc);
  const byTcp = recipeFor(pgjdbc, { kind: 'tcp', host: '::1', port: 5 }, blanks);
  assert.match('connect' in byTcp ? byTcp.connect : '', /^jdbc:postgresql:\/\/\[::1\]:5\/shop\?/);
  const asked = { ...blanks, target: { host: 'db.internal', port: 5433 } };
  const bySocks = recipeFor(pgjdbc, { kind: 'socks5', grant: 'none', ...gateway }, asked);
  assert.match('connect' in bySocks ? bySocks.connect : '', /^jdbc:postgresql:\/\/db\.internal:5433\/shop\?/);
});
