import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { emptyJournal, journalFile } from '../src/journal.ts';
import { JournalKeeper } from '../src/journal-keeper.ts';

test('a journal that cannot be read is set aside, and said to be', async () => {
  await using directory = await temporaryDirectory();
  const file = journalFile(directory.path);
  const said: string[] = [];
  const open = () => new JournalKeeper(directory.path, systemClock, (line) => said.push(line));
  assert.deepEqual(open().journal, emptyJournal);
  assert.deepEqual(said, [], 'a host that has none yet');
  writeFileSync(file, '{"format": 1, "phase": {"na');
  const keeper = open();
  assert.deepEqual(keeper.journal, emptyJournal);
  assert.match(said.join(), /could not be read/);
  assert.equal(readFileSync(`${file}.unreadable`, 'utf8').length, 27);
  assert.ok(!existsSync(file));
  keeper.mark('root', 'r1');
  assert.equal(open().journal.requests['root'], 'r1');
});

test('a directory that takes no journal is the fault of the host, and a phase that no journal can have is ours', async () => {
  await using directory = await temporaryDirectory();
  const keeper = new JournalKeeper(directory.path, systemClock, () => {});
  const upgrade = { from: '1.0.0', to: '2.0.0', back: false, keep: 2 };
  assert.throws(() => keeper.enterFirst({ name: 'staging', upgrade: { ...upgrade, keep: 1 } }), {
    code: 'INTERNAL',
  });
  mkdirSync(journalFile(directory.path));
  assert.throws(() => keeper.enterFirst({ name: 'staging', upgrade }), { code: 'STATE_UNWRITABLE' });
  assert.deepEqual(keeper.journal, emptyJournal);
});
