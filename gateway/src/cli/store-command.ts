import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfig } from '@penstock/config-schema';
import { DirectoryLockError, lockDirectory } from '@penstock/runtime';
import {
  type CopiedTable,
  copyStore,
  countRows,
  createFilledStore,
  createPostgresStore,
  MOVED_SUFFIX,
  MOVED_TO_SUFFIX,
  movedStoreText,
  openPostgresStore,
  openStore,
  type PostgresStoreOptions,
  placeOf,
  STORE_FILE,
  storeFileState,
} from '@penstock/store';
import { CommandError, type Io, type OutputFormat, outputOption } from '@penstock/terminal';
import { Command, Option } from 'commander';
import { openGatewayStore, postgresOptions } from '../composition/gateway-store.ts';
import { loadConfig } from './load-config.ts';

type CommonOptions = { readonly config: string; readonly output: OutputFormat };
type MigrateOptions = CommonOptions & { readonly from?: 'embedded'; readonly to?: 'embedded' };

/** A statement copies thousands of rows. */
const COPY_TIMEOUT_MS = 120_000;

/** `store`: where the state of the control plane is, and moving it. */
export function storeCommand(io: Io): Command {
  return new Command('store')
    .description('show where the state of the control plane is, and move it into a database or back')
    .addCommand(statusCommand(io))
    .addCommand(migrateCommand(io));
}

function statusCommand(io: Io): Command {
  return common(new Command('status'))
    .description('open the store of gateway.yaml, and count what is in it')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway store status --config gateway.yaml')
    .action(async (options: CommonOptions) => {
      const config = await loadConfig(io, options);
      if (config === undefined) return;
      const store = await openGatewayStore(config);
      await using _closed = { [Symbol.asyncDispose]: () => store.close() };
      const tables = await countRows(store);
      const revision = await store.changes.revision();
      write(io, options.output, { store: placeOfStore(config), revision, tables }, [
        `Store     ${placeOfStore(config)}`,
        `Revision  ${revision}`,
        ...tableLines(tables),
      ]);
    });
}

function migrateCommand(io: Io): Command {
  return common(new Command('migrate'))
    .description('move the state into the database of store.url, or back into the data directory')
    .addOption(new Option('--from <store>', 'where the state is now').choices(['embedded']).conflicts('to'))
    .addOption(new Option('--to <store>', 'where the state goes').choices(['embedded']))
    .addHelpText(
      'after',
      '\nStop every gateway on the store first. The target must be empty.\n\nExample:\n' +
        '  $ penstock-gateway store migrate --config gateway.yaml --from embedded',
    )
    .action((options: MigrateOptions) => moveStore(io, options));
}

async function moveStore(io: Io, options: MigrateOptions): Promise<void> {
  if ((options.from === undefined) === (options.to === undefined)) {
    throw new CommandError('Set one of --from embedded and --to embedded.', {
      suggestion: 'The other side is the database of store.url in gateway.yaml.',
    });
  }
  const config = await loadConfig(io, options);
  if (config === undefined) return;
  if (config.store === undefined) {
    throw new CommandError(`${options.config} has no database.`, {
      suggestion: 'Set store.url in gateway.yaml to the database that the state is moved to or from.',
    });
  }
  const { dataDirectory } = config;
  using _lock = await lockedDirectory(dataDirectory);
  const database = { ...postgresOptions(config.store), timeout: COPY_TIMEOUT_MS };
  const tables =
    options.from === undefined
      ? await toEmbedded(database, dataDirectory)
      : await fromEmbedded(database, dataDirectory);
  const target = options.from === undefined ? join(dataDirectory, STORE_FILE) : placeOf(database.target);
  const next =
    options.from === undefined
      ? 'Remove store from gateway.yaml before you start the gateway. The database still has a copy: drop it.'
      : `Start the gateway with store.url. ${join(dataDirectory, STORE_FILE)} was renamed to ${STORE_FILE}${MOVED_SUFFIX}.`;
  write(io, options.output, { target, tables }, [
    ...tableLines(tables),
    '',
    `Moved to ${target}, with the same numbers of rows. ${next}`,
  ]);
}

async function fromEmbedded(
  database: PostgresStoreOptions,
  dataDirectory: string,
): Promise<readonly CopiedTable[]> {
  const embedded = join(dataDirectory, STORE_FILE);
  const moved = (await storeFileState(embedded)) === 'missing' ? await movedStoreText(embedded) : undefined;
  if (moved !== undefined) {
    throw new CommandError(moved, {
      suggestion:
        'Start the gateway with store.url set to that database, or move the store back with penstock-gateway store ' +
        'migrate --to embedded.',
    });
  }
  const tables = await copyToDatabase(database, dataDirectory);
  await writeFile(join(dataDirectory, `${STORE_FILE}${MOVED_TO_SUFFIX}`), `${placeOf(database.target)}\n`, {
    mode: 0o600,
  });
  for (const suffix of ['', '-wal', '-shm']) {
    const file = join(dataDirectory, `${STORE_FILE}${suffix}`);
    await rename(file, join(dataDirectory, `${STORE_FILE}${MOVED_SUFFIX}${suffix}`)).catch(
      (error: unknown) => {
        // SQLite has removed the others when it closed the file.
        if (suffix === '') throw error;
      },
    );
  }
  return tables;
}

async function copyToDatabase(
  database: PostgresStoreOptions,
  dataDirectory: string,
): Promise<readonly CopiedTable[]> {
  await using stack = new AsyncDisposableStack();
  const source = await openStore(dataDirectory);
  stack.defer(() => source.close());
  const target = await createPostgresStore(database);
  stack.defer(() => target.close());
  return await copyStore(source, target);
}

async function toEmbedded(
  database: PostgresStoreOptions,
  dataDirectory: string,
): Promise<readonly CopiedTable[]> {
  const source = await openPostgresStore(database);
  await using _closed = { [Symbol.asyncDispose]: () => source.close() };
  const running = await source.leases.liveHolders('gateway:');
  if (running > 0) {
    throw new CommandError(`${running} gateways are running on ${placeOf(database.target)}.`, {
      suggestion: 'Stop them first. One that was killed counts for 15 seconds.',
    });
  }
  return await createFilledStore(dataDirectory, (target) => copyStore(source, target));
}

async function lockedDirectory(directory: string): Promise<Disposable> {
  try {
    return await lockDirectory(directory, 'dataDirectory');
  } catch (error) {
    if (!(error instanceof DirectoryLockError) || error.fault !== 'held') throw error;
    throw new CommandError('A gateway is running on this data directory.', { suggestion: 'Stop it first.' });
  }
}

const placeOfStore = ({ store, dataDirectory }: GatewayConfig) =>
  store === undefined ? join(dataDirectory, STORE_FILE) : placeOf(postgresOptions(store).target);

const tableLines = (tables: readonly CopiedTable[]) => [
  '',
  ...tables.map(({ table, rows }) => `${table.padEnd(24)}${String(rows).padStart(10)}`),
];

function common(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file', './gateway.yaml')
    .addOption(outputOption(['text', 'json']));
}

function write(io: Io, output: OutputFormat, value: object, lines: readonly string[]): void {
  io.stdout.write(output === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : `${lines.join('\n')}\n`);
}
