import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { schemaText } from '@penstock/config-schema';
import { buildFacts, readRootKeys } from '@penstock/release';
import { type Io, selfCheckCommand as sharedCommand } from '@penstock/terminal';
import { SOFTWARE_VERSION } from '@penstock/wire/version';
import type { Command } from 'commander';

/** `self-check`, of what the agent uses: its key, the lock of its directory, and its schema. */
export const selfCheckCommand = (io: Io): Command =>
  sharedCommand(io, { version: SOFTWARE_VERSION, build: buildFacts, checks });

const checks = {
  'signing with a new key'() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const data = Buffer.from('self-check');
    if (!verify('sha256', data, publicKey, sign('sha256', data, privateKey))) throw new Error('no match');
  },
  'the database library'() {
    using database = new DatabaseSync(':memory:');
    database.exec('SELECT 1');
  },
  'the configuration schema'() {
    JSON.parse(schemaText('Agent'));
  },
  'the root keys'() {
    if (buildFacts.rootKeys.length > 0) readRootKeys(buildFacts.rootKeys);
  },
};
