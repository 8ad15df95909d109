import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemaText } from '@penstock/config-schema';
import { openConsole } from '@penstock/console';
import { buildFacts, readRootKeys } from '@penstock/release';
import { isSingleExecutable } from '@penstock/runtime';
import { createStore } from '@penstock/store';
import { type Io, selfCheckCommand as sharedCommand } from '@penstock/terminal';
import { SOFTWARE_VERSION } from '@penstock/wire/version';
import type { Command } from 'commander';

/** `self-check`, of what the gateway uses: its store, which has its own thread, its schema, and the console. */
export const selfCheckCommand = (io: Io): Command =>
  sharedCommand(io, { version: SOFTWARE_VERSION, build: buildFacts, checks });

const checks = {
  async 'the store, in a temporary directory,'() {
    const directory = await mkdtemp(join(tmpdir(), 'penstock-self-check-'));
    try {
      const store = await createStore(directory);
      await store.close();
    } finally {
      await rm(directory, { recursive: true });
    }
  },
  'the configuration schema'() {
    JSON.parse(schemaText('Gateway'));
  },
  async 'the console'() {
    // A checkout builds it when it is first asked for.
    if (isSingleExecutable()) await openConsole().files();
  },
  'the root keys'() {
    if (buildFacts.rootKeys.length > 0) readRootKeys(buildFacts.rootKeys);
  },
};
