import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { agentEvents } from '@penstock/agent';
import { gatewayEvents } from '@penstock/gateway';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import {
  type EventCatalogue,
  type EventFields,
  type EventLog,
  eventLog,
  lineKeys,
  openLog,
} from '../src/index.ts';

/** The lines that a program writes while `act` logs. */
async function linesOf<Catalogue extends EventCatalogue>(
  { catalogue, readable }: { readonly catalogue: Catalogue; readonly readable: boolean },
  act: (log: EventLog<Catalogue>) => void,
): Promise<readonly string[]> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'log');
  const descriptor = openSync(path, 'w');
  const { log, flush } = openLog({ level: 'trace', program: 'penstock-test', descriptor, readable });
  act(eventLog(log, catalogue));
  await flush();
  if (readable) closeSync(descriptor);
  return (await readFile(path, 'utf8')).trimEnd().split('\n');
}

const fields: EventFields = { agent: 'agent-1', pool: 'dc1', detail: 'why' };

for (const [program, catalogue] of Object.entries({ agentEvents, gatewayEvents })) {
  test(`${program}: each event is one JSON line with unique keys`, async () => {
    const names = Object.keys(catalogue);
    assert.ok(names.length > 20, `${names.length} events`);
    const lines = await linesOf({ catalogue: catalogue as EventCatalogue, readable: false }, (log) => {
      for (const event of names) log(event, fields);
    });
    assert.equal(lines.length, names.length);
    for (const [index, line] of lines.entries()) {
      const parsed: Record<string, unknown> = JSON.parse(line);
      // A duplicate key would be missing here.
      assert.equal(JSON.stringify(parsed), line);
      assert.equal(parsed['event'], names[index]);
      assert.deepEqual(new Set(Object.keys(parsed)), new Set([...lineKeys, ...Object.keys(fields)]));
    }
  });
}

test('on a terminal a line shows the fields of its event', async () => {
  const catalogue = { started: ['info', 'It has started.'] } as const;
  const lines = await linesOf({ catalogue, readable: true }, (log) => log('started', fields));
  const text = stripVTControlCharacters(lines.join('\n'));
  assert.match(text, /INFO: It has started\./);
  assert.match(text, /agent: "agent-1"/);
  assert.match(text, /detail: "why"/);
});

test('readable lines show what could change the order of a terminal, or its lines, as dots', async () => {
  const catalogue = { denied: ['warn', 'A client was denied.'] } as const;
  const [text = ''] = await linesOf({ catalogue, readable: true }, (log) =>
    log('denied', { detail: 'a\u{202e}b\u{2028}c\u{1b}[8md\u{9b}8m' }),
  ).then((lines) => [lines.join('\n')]);
  assert.doesNotMatch(stripVTControlCharacters(text), /[\u{202e}\u{2028}\u{9b}]/u);
  assert.ok(!text.includes('\u{1b}[8m'));
});

test('the compiler does not accept the keys of a line as fields', () => {
  type IsField<Key extends string> = { readonly [Each in Key]: string } extends EventFields ? true : false;
  const accepted: { readonly [Key in (typeof lineKeys)[number] | 'agent']: IsField<Key> } = {
    agent: true,
    time: false,
    level: false,
    name: false,
    event: false,
    msg: false,
  };
  assert.equal(Object.values(accepted).filter((each) => each).length, 1);
});
