import assert from 'node:assert/strict';
import { chown, cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { startDaemon } from '@penstock/agent';
import { loadGatewayConfig } from '@penstock/config-schema';
import { initialize, startGateway } from '@penstock/gateway';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { asAnotherUser, fileStates, isRoot, NOBODY, putInto } from './states.ts';

const isFileEvent = ({ event }: { readonly event: string }) =>
  ['file-damaged', 'file-exposed', 'identity-not-locked'].includes(event);

/** How a program starts with one file in one state: it does not and says why, or it does and may log a warning. */
type Outcome = { readonly refused: RegExp } | { readonly starts: RegExp | undefined };
type Row = Readonly<Record<(typeof fileStates)[number], Outcome>>;

const refused = (words: RegExp): Outcome => ({ refused: words });
const starts = (warning?: RegExp): Outcome => ({ starts: warning });

const gatewayRows: Readonly<Record<string, Row>> = {
  'store.sqlite': {
    missing: refused(/There is no store \S+store\.sqlite\. Run penstock-gateway init if this gateway is new/),
    empty: refused(/store\.sqlite is empty \(0 bytes\)\. Restore the data directory from a backup/),
    truncated: refused(/store\.sqlite .*malformed.*Restore the data directory from a backup/),
    zeroed: refused(/store\.sqlite cannot be opened: file is not a database\. Restore/),
    directory: refused(/store\.sqlite cannot be opened: it is a directory/),
    foreign: refused(/store\.sqlite is an SQLite database, but not the store of a penstock-gateway/),
    unreadable: refused(/store\.sqlite cannot be opened: it is owned by root/),
  },
  'agent-ca.crt': {
    missing: refused(/agent CA is incomplete: \S+agent-ca\.crt is missing/),
    empty: refused(/agent-ca\.crt is empty\. Restore agent-ca\.crt and agent-ca\.key from the same backup/),
    truncated: refused(/agent-ca\.crt is truncated, not a certificate in PEM/),
    zeroed: refused(/agent-ca\.crt has other content, not a/),
    directory: refused(/agent-ca\.crt cannot be read: it is a directory \(EISDIR\)/),
    foreign: refused(/agent-ca\.key is not the key of \S+agent-ca\.crt/),
    unreadable: refused(/agent-ca\.crt cannot be read: it is owned by root/),
  },
  'agent-ca.key': {
    missing: refused(/agent CA is incomplete: \S+agent-ca\.key is missing/),
    empty: refused(/agent-ca\.key is empty/),
    truncated: refused(/agent-ca\.key is truncated, not a private key in PEM/),
    zeroed: refused(/agent-ca\.key has other content, not a/),
    directory: refused(/agent-ca\.key cannot be read: it is a directory \(EISDIR\)/),
    foreign: refused(/agent-ca\.key is not the key of \S+agent-ca\.crt/),
    unreadable: refused(/agent-ca\.key cannot be read: it is owned by root/),
  },
  'server.crt': {
    missing: refused(/server certificate is incomplete: \S+server\.crt is missing/),
    empty: refused(/server\.crt is empty\. Restore it from a backup/),
    truncated: refused(/server\.crt is truncated, not a certificate in PEM/),
    zeroed: refused(/server\.crt has other content, not a/),
    directory: refused(/server\.crt cannot be read: it is a directory \(EISDIR\)/),
    foreign: refused(/server\.key is not the key of \S+server\.crt/),
    unreadable: refused(/server\.crt cannot be read: it is owned by root/),
  },
  'server.key': {
    missing: refused(/server certificate is incomplete: \S+server\.key is missing/),
    empty: refused(/server\.key is empty/),
    truncated: refused(/server\.key is truncated, not a private key in PEM/),
    zeroed: refused(/server\.key has other content, not a/),
    directory: refused(/server\.key cannot be read: it is a directory \(EISDIR\)/),
    foreign: refused(/server\.key is not the key of \S+server\.crt/),
    unreadable: refused(/server\.key cannot be read: it is owned by root/),
  },
  // Nothing is served with it, so it must neither stop the gateway nor be blamed on another file.
  'server-backup.key': {
    missing: starts(),
    empty: starts(/server-backup\.key is empty\..* not needed until/),
    truncated: starts(/server-backup\.key is truncated, not a private key in PEM /),
    zeroed: starts(/server-backup\.key has other content, not a/),
    directory: starts(/server-backup\.key cannot be read: it is a directory \(EISDIR\)/),
    foreign: starts(),
    unreadable: starts(/server-backup\.key cannot be read: it is owned by root/),
  },
};

async function gatewayIn(directory: string) {
  const file = join(directory, 'gateway.yaml');
  const content = {
    apiVersion: 'penstock/v1',
    kind: 'Gateway',
    version: 1,
    organization: 'acme',
    listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
    dataDirectory: 'data',
    pools: [{ name: 'dc1' }],
  };
  await writeFile(file, JSON.stringify(content));
  const loaded = loadGatewayConfig(file, {});
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return { config: loaded.config, data: join(directory, 'data') };
}

test('a gateway with any of its files missing, empty, truncated, foreign or unreadable fails closed and names it', {
  skip: !isRoot && 'only root can become another user',
}, async (t) => {
  await using _leaks = expectNoLeaks();
  await using original = await temporaryDirectory();
  await using other = await temporaryDirectory();
  for (const { path } of [original, other]) {
    await initialize({ ...(await gatewayIn(path)), hosts: [], newAdminToken: false, now: Date.now() });
  }
  const otherStore = join(other.path, 'other.sqlite');
  new DatabaseSync(otherStore).exec('CREATE TABLE notes (text TEXT)');
  const names = (await readdir(join(original.path, 'data'))).sort();
  assert.deepEqual(names, Object.keys(gatewayRows).sort(), 'every file has a row');
  for (const [name, row] of Object.entries(gatewayRows)) {
    for (const state of fileStates) {
      await t.test(`${name} ${state}`, async () => {
        await using copy = await temporaryDirectory();
        const { config, data } = await gatewayIn(copy.path);
        await cp(join(original.path, 'data'), data, { recursive: true });
        for (const each of [copy.path, data, ...names.map((file) => join(data, file))])
          await chown(each, NOBODY, NOBODY);
        const foreign = name === 'store.sqlite' ? otherStore : join(other.path, 'data', name);
        await putInto(state, join(data, name), foreign);
        const logged: { event: string }[] = [];
        const log = (event: string, fields?: object) => logged.push({ event, ...fields });
        const start = () => startGateway({ config, log });
        const starting = state === 'unreadable' ? asAnotherUser(start) : start();
        const outcome = row[state];
        if ('refused' in outcome) {
          await assert.rejects(starting, outcome.refused);
          return;
        }
        await (await starting).stop();
        const warnings = JSON.stringify(logged.filter(isFileEvent));
        if (outcome.starts === undefined) assert.equal(warnings, '[]');
        else assert.match(warnings, outcome.starts);
      });
    }
  }
});

const agentRows: Readonly<Record<string, Row>> = {
  'current.pem': {
    missing: refused(/This agent has no identity for a1 in pool dc1 yet\. .*Create a token with/),
    empty: refused(
      /current\.pem is empty\. Restore it from a backup, or remove it and provide an enrollment token/,
    ),
    truncated: refused(/current\.pem is truncated: it has a key, but no complete certificate\./),
    zeroed: refused(/current\.pem has other content, not an identity\./),
    directory: refused(/current\.pem cannot be read: it is a directory/),
    foreign: refused(
      /identity\.directory has the identity of a2 in pool dc1, but agent\.yaml is for a1 in pool dc1\./,
    ),
    unreadable: refused(/current\.pem cannot be read: it is owned by root/),
  },
  // Its key was never in use: it is created again when the identity is renewed.
  'next.pem': {
    missing: starts(),
    empty: starts(),
    truncated: starts(),
    zeroed: starts(),
    directory: starts(),
    foreign: starts(),
    unreadable: starts(),
  },
  lock: {
    missing: starts(),
    empty: starts(),
    truncated: starts(),
    zeroed: starts(),
    directory: starts(/cannot be locked/),
    foreign: starts(),
    unreadable: starts(/cannot be locked/),
  },
  // Only a convenience for commands; an agent that was killed leaves it behind.
  'running.json': {
    missing: starts(),
    empty: starts(),
    truncated: starts(),
    zeroed: starts(),
    directory: starts(),
    foreign: starts(),
    unreadable: starts(),
  },
  'lock-owner.json': {
    missing: starts(),
    empty: starts(),
    truncated: starts(),
    zeroed: starts(),
    directory: starts(),
    foreign: starts(),
    unreadable: starts(),
  },
};

test('an agent with any of its files missing, empty, truncated, foreign or unreadable names it, or does not need it', {
  skip: !isRoot && 'only root can become another user',
}, async (t) => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { echo: 1 } });
  for (const name of ['a1', 'a2']) {
    await pair.connected(name);
    await pair.stopAgent(name);
    await cp(join(pair.directory, name, 'current.pem'), join(pair.directory, name, 'next.pem'));
    await writeFile(join(pair.directory, name, 'running.json'), '{"pid":1}', { mode: 0o600 });
  }
  const names = (await readdir(join(pair.directory, 'a1'))).sort();
  assert.deepEqual(names, Object.keys(agentRows).sort(), 'every file has a row');
  for (const [name, row] of Object.entries(agentRows)) {
    for (const state of fileStates) {
      await t.test(`${name} ${state}`, async () => {
        await using copy = await temporaryDirectory();
        const data = join(copy.path, 'identity');
        await cp(join(pair.directory, 'a1'), data, { recursive: true });
        for (const each of [copy.path, data, ...names.map((file) => join(data, file))])
          await chown(each, NOBODY, NOBODY);
        await putInto(state, join(data, name), join(pair.directory, 'a2', name));
        const logged: { event: string }[] = [];
        const config = pair.agentConfig('a1', {
          identity: { directory: data, enrollmentToken: '${env:NONE:-}' },
        });
        const log = (event: string, fields?: object) => logged.push({ event, ...fields });
        const start = async () => {
          const daemon = await startDaemon({ config, environment: {}, log });
          let failure: Error | undefined;
          void daemon.failed.then((error) => {
            failure = error;
          });
          await eventually(
            'a session or a failure',
            () => failure !== undefined || daemon.status().sessions.ready > 0,
          );
          await daemon.stop();
          if (failure !== undefined) throw failure;
        };
        const starting = state === 'unreadable' ? asAnotherUser(start) : start();
        const outcome = row[state];
        if ('refused' in outcome) await assert.rejects(starting, outcome.refused);
        else {
          await starting;
          const warnings = JSON.stringify(logged.filter(isFileEvent));
          if (outcome.starts === undefined) assert.equal(warnings, '[]');
          else assert.match(warnings, outcome.starts);
        }
      });
    }
  }
});
