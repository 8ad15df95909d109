import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyDriver } from '../src/every-driver.ts';
import type { IngressEndpoint, Placeholders } from '../src/ingress-endpoint.ts';
import { notes } from '../src/notes.ts';
import { recipeFor } from '../src/recipe.ts';

const placeholders: Placeholders = {
  connection: 'orders',
  user: 'ann',
  database: 'shop',
  grant: 'GRANT',
  target: undefined,
};
const gateway = { host: 'gateway.example.com', port: 15_432 };
const endpoints: readonly IngressEndpoint[] = [
  { kind: 'tcp', ...gateway },
  { kind: 'sni', mode: 'passthrough', ...gateway },
  { kind: 'sni', mode: 'terminate', ...gateway },
  { kind: 'socks5', grant: 'required', ...gateway },
  { kind: 'socks5', grant: 'none', ...gateway },
  { kind: 'httpConnect', grant: 'required', tls: 'on', ...gateway },
  { kind: 'httpConnect', grant: 'none', tls: 'off', ...gateway },
];

test('every driver has a string for each ingress, or a reason and an alternative', () => {
  let possible = 0;
  for (const driver of everyDriver) {
    for (const endpoint of endpoints) {
      const recipe = recipeFor(driver, endpoint, placeholders);
      if ('unsupported' in recipe) {
        assert.match(recipe.unsupported, /\. Use .*\.$/, `${driver.name} ${endpoint.kind}`);
        continue;
      }
      possible += 1;
      const said = [recipe.connect, ...(recipe.also ?? [])].join(' ');
      assert.match(said, /gateway\.example\.com/, `${driver.name} ${endpoint.kind}`);
      assert.match(said, /15432/, `${driver.name} ${endpoint.kind}`);
      const shown = endpoint.kind === 'socks5' || endpoint.kind === 'httpConnect';
      // A grant is shown only where it is needed.
      assert.equal(
        said.includes('GRANT'),
        shown && endpoint.grant === 'required',
        `${driver.name} ${endpoint.kind} ${said}`,
      );
    }
  }
  assert.equal(everyDriver.length, 24);
  assert.ok(possible > 60, `${possible}`);
});

test('every note is used by a driver', () => {
  const used = new Set(
    everyDriver.flatMap((driver) =>
      endpoints.flatMap((endpoint) => {
        const recipe = recipeFor(driver, endpoint, placeholders);
        return 'unsupported' in recipe ? [] : recipe.notes;
      }),
    ),
  );
  assert.deepEqual([...used].sort(), Object.keys(notes).sort());
});

test('IPv6 addresses are in brackets, and a known target is requested from a proxy', () => {
  const [pgjdbc] = everyDriver;
  assert.ok(pgjdbc);
  const byTcp = recipeFor(pgjdbc, { kind: 'tcp', host: '::1', port: 5 }, placeholders);
  assert.match('connect' in byTcp ? byTcp.connect : '', /^jdbc:postgresql:\/\/\[::1\]:5\/shop\?/);
  const asked = { ...placeholders, target: { host: 'db.internal', port: 5433 } };
  const bySocks = recipeFor(pgjdbc, { kind: 'socks5', grant: 'none', ...gateway }, asked);
  assert.match('connect' in bySocks ? bySocks.connect : '', /^jdbc:postgresql:\/\/db\.internal:5433\/shop\?/);
});
