import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout } from '../rig/optional.ts';
import { type Cause, databaseCauses, fleetCauses, ownerCauses } from './causes.ts';
import { observeDatabase } from './database.ts';
import { observeFleet } from './fleet.ts';
import { observeOwner } from './owner.ts';
import { type Said, tools } from './tools.ts';

// Every cause is produced, and every tool is asked what it says about it.

/** Compares what the tools said with the table. All differences are reported together. */
function expectTable(causes: readonly Cause[], said: ReadonlyMap<string, Said>): void {
  const wrong: string[] = [];
  for (const { id, says } of causes) {
    const all = said.get(id);
    if (all === undefined) wrong.push(`${id} was not produced`);
    for (const tool of tools) {
      const [cell, text] = [says[tool], all?.[tool] ?? ''];
      if (cell === undefined || all === undefined) continue;
      const expected = 'names' in cell ? cell.names : cell.knows;
      const also = 'names' in cell ? (cell.also ?? '') : '';
      const isAsExpected =
        expected === '' ? text.trim() === '' : text.includes(expected) && text.includes(also);
      if (!isAsExpected) wrong.push(`${id}, ${tool}: expected "${expected}", but it said:\n${text}`);
    }
  }
  assert.equal(wrong.length, 0, wrong.join('\n\n'));
}

const isMySql = ({ id }: Cause) => id === 'mysql-stopped';
let observed: ReturnType<typeof observeDatabase> | undefined;
/** All causes of databases are produced at once. */
const databases = () => (observed ??= observeDatabase());

test('between a driver and its database', async () => {
  const causes = databaseCauses.filter((cause) => !isMySql(cause));
  assert.equal(causes.length, databaseCauses.length - 1);
  expectTable(causes, await databases());
});

test('between a driver and MySQL', { skip: skipWithout('mariadbd') }, async () => {
  expectTable(databaseCauses.filter(isMySql), await databases());
});

test('between a new agent and the gateway', async () => {
  expectTable(ownerCauses, await observeOwner());
});

test('an agent that worked', async () => {
  expectTable(fleetCauses, await observeFleet());
});

test('the first tool of each person names the cause', () => {
  const causes = [...databaseCauses, ...ownerCauses, ...fleetCauses];
  assert.equal(causes.length, 27);
  const unnamed = causes.filter(({ first, says }) => !(says[first] !== undefined && 'names' in says[first]));
  assert.deepEqual(unnamed, []);
});
