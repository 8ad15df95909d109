import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ReleaseSource as ConfiguredSource, loadAgentConfig } from '@penstock/config-schema';
import { buildFacts, releasePaths, verifyLatest } from '@penstock/release';
import { hostLayout, type Layout, layoutOf, runOnHost, writeDurably } from '@penstock/services';
import {
  CommandError,
  exitCodes,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  styleFor,
  table,
  withProgress,
} from '@penstock/terminal';
import {
  currentVersion,
  installedVersions,
  type Journal,
  REQUEST_FILE,
  readJournal,
  readProblem,
  stableVersion,
  type UpgradeRequest,
} from '@penstock/updater';
import { Command } from 'commander';
import { readIdentity } from '../identity/read-identity.ts';
import { downloadRelease } from '../tunnel/download.ts';
import { awaitUpdater } from '../upgrade/await-updater.ts';
import { fetchRelease } from '../upgrade/fetch-release.ts';
import { directorySource, type ReleaseSource, urlSource } from '../upgrade/release-source.ts';
import { servicesOfThisWindows } from './this-windows.ts';

const CONFIG_OPTION = ['-c, --config <file>', 'configuration file', '/etc/penstock/agent.yaml'] as const;
/** For a switch that somebody at the host has asked for. */
const SWITCH_TIMEOUT_MS = 60 * 60_000;

const layoutHere = ({ environment }: Io): Layout => layoutOf(process.platform, environment);

/** `upgrade`: the version of this host, by its own hand. */
export function upgradeCommand(io: Io): Command {
  return new Command('upgrade')
    .description('show and change the version of the agents of this host')
    .addCommand(statusCommand(io))
    .addCommand(nowCommand(io))
    .addCommand(rollbackCommand(io));
}

function statusCommand(io: Io): Command {
  return new Command('status')
    .description('print the versions on this host and the state of the last upgrade')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-agent upgrade status')
    .action(({ output }: { output: OutputFormat }) => {
      const layout = layoutHere(io);
      const journal = readJournal(layout.updater);
      const facts = {
        current: currentVersion(layout),
        stable: stableVersion(layout),
        previous: journal?.previous,
        installed: installedVersions(layout),
        upgrade: journal?.phase,
        since: journal === undefined ? undefined : new Date(journal.since).toISOString(),
        failed: journal?.failed ?? [],
        problem: readProblem(layout.updaterRuntime),
      };
      io.stdout.write(output === 'json' ? json(facts) : text(facts, layout, io));
      if (facts.current === undefined) io.setExitCode(exitCodes.failed);
    });
}

type Facts = {
  readonly current: string | undefined;
  readonly previous: string | undefined;
  readonly installed: readonly string[];
  readonly upgrade: Journal['phase'] | undefined;
  readonly since: string | undefined;
  readonly failed: Journal['failed'];
  readonly problem: ReturnType<typeof readProblem>;
};

function text(
  { current, previous, installed, upgrade, since, failed, problem }: Facts,
  { home }: Layout,
  io: Io,
): string {
  if (current === undefined) {
    return `No version is installed below ${home}: this host gets its versions another way.\n`;
  }
  const style = styleFor(io.stdout, io.environment);
  const rows: [string, string][] = [
    ['current', current],
    ['previous', previous ?? 'none'],
    ['installed', installed.join(', ')],
    ['upgrade', upgrade === undefined ? 'none yet' : describe(upgrade)],
    ...(since === undefined ? [] : [['since', since] as [string, string]]),
    ...failed.map(({ version, code, at }): [string, string] => [
      'skipped',
      style.bad(`${version}: ${code} at ${new Date(at).toISOString()}`),
    ]),
    ...(problem === undefined
      ? []
      : [['problem', style.bad(`${problem.code}: ${problem.detail}`)] as [string, string]]),
  ];
  return table(['', ''], rows, io);
}

function describe(phase: Journal['phase']): string {
  if (phase.name === 'idle') return 'none in progress';
  const { from, to } = phase.upgrade;
  const reason = 'code' in phase && phase.code !== undefined ? ` (${phase.code})` : '';
  const detail = 'detail' in phase ? ` ${phase.detail}` : '';
  return `${phase.name}, ${from} to ${to}${reason}${detail}`;
}

type NowOptions = {
  readonly config: string;
  readonly to?: string;
  readonly from?: string;
  readonly retry: boolean;
  readonly wait: boolean;
};

function nowCommand(io: Io): Command {
  return new Command('now')
    .description('install a signed release on this host, watch it, and go back if it does not work')
    .option(...CONFIG_OPTION)
    .option('--to <version>', 'version; the latest if omitted')
    .option('--from <source>', 'gateway, the URL of a mirror, or a directory; upgrade.source if omitted')
    .option('--retry', 'also if the version has failed on this host', false)
    .option('--no-wait', 'return when the updater has been asked')
    .addHelpText('after', '\nExample:\n  $ sudo penstock-agent upgrade now --from /media/penstock')
    .action((options: NowOptions) => now(io, options));
}

async function now(io: Io, options: NowOptions): Promise<void> {
  const layout = layoutHere(io);
  const current = requireUpdater(io, layout);
  const source = await sourceOf(io, options);
  const files = join(layout.updater, 'incoming');
  await forAdministrators(() => mkdir(files, { recursive: true, mode: 0o700 }));
  const signal = new AbortController().signal;
  const to = options.to ?? (await latestOf(source, layout, signal));
  if (to === current) {
    io.stdout.write(`This host runs ${to} already.\n`);
    return;
  }
  await withProgress(io, `Fetching ${to} from ${source.name}`, () =>
    fetchRelease({
      source,
      directory: files,
      version: to,
      rootKeys: buildFacts.rootKeys,
      platform: { os: process.platform, arch: process.arch },
      now: Date.now(),
      signal,
    }),
  );
  await ask(io, { to, files, retry: options.retry, until: Date.now() + SWITCH_TIMEOUT_MS }, options.wait);
}

function rollbackCommand(io: Io): Command {
  return new Command('rollback')
    .description('go back to the version that this host ran before')
    .option('--no-wait', 'return when the updater has been asked')
    .addHelpText('after', '\nExample:\n  $ sudo penstock-agent upgrade rollback')
    .action(async ({ wait }: { wait: boolean }) => {
      const layout = layoutHere(io);
      requireUpdater(io, layout);
      const journal = readJournal(layout.updater);
      const { phase } = journal ?? {};
      // During the probation, the version before is the one that the upgrade came from.
      const to = phase?.name === 'probation' ? phase.upgrade.from : journal?.previous;
      if (to === undefined) {
        throw new CommandError('This host has run no other version.', {
          suggestion: 'Install a version with: penstock-agent upgrade now --to VERSION',
        });
      }
      await ask(io, { to, back: true, until: Date.now() + SWITCH_TIMEOUT_MS }, wait);
    });
}

const UPDATER = 'penstock-updater';

/** On Windows, whether this user is an administrator shows when something is written. */
async function forAdministrators<Result>(action: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code !== 'EPERM' && code !== 'EACCES') throw cause;
    throw new CommandError('Only an administrator can change the version of this host.', {
      cause,
      suggestion: 'Run the command in a shell that was started as administrator.',
    });
  }
}

/** The version of this host. Throws CommandError if nothing here can be upgraded, or not by this user. */
function requireUpdater(io: Io, layout: Layout): string {
  const current = currentVersion(layout);
  const isWindows = process.platform === 'win32';
  const hasUpdater = isWindows
    ? servicesOfThisWindows(io.environment).query(UPDATER) !== undefined
    : existsSync(join(hostLayout.units, `${UPDATER}.service`));
  if (current === undefined || !hasUpdater) {
    throw new CommandError('This host has no updater.', {
      suggestion:
        'Install the service from a single executable: sudo penstock-agent service install. A container is upgraded by ' +
        'running the next image.',
    });
  }
  if (!isWindows && process.geteuid?.() !== 0) {
    throw new CommandError('Only root can change the version of this host.', {
      suggestion: 'Run the command with sudo.',
    });
  }
  return current;
}

async function sourceOf(io: Io, { config: file, from }: NowOptions): Promise<ReleaseSource> {
  if (from !== undefined && from !== 'gateway')
    return /^https?:\/\//.test(from)
      ? urlSource(from.endsWith('/') ? from : `${from}/`)
      : directorySource(resolve(from));
  const loaded = loadAgentConfig(file, io.environment);
  if (!loaded.ok) {
    throw new CommandError(`${file} cannot be loaded here, so the source of releases is not known.`, {
      suggestion: 'Name a source: --from DIRECTORY or --from URL.',
    });
  }
  const source: ConfiguredSource = from === 'gateway' ? { kind: 'gateway' } : loaded.config.upgrade.source;
  if (source.kind === 'url') return urlSource(source.url);
  if (source.kind === 'directory') return directorySource(source.path);
  const { gateway, identity } = loaded.config;
  const current = readIdentity(identity.directory);
  if (current === undefined) throw new CommandError('The agent of this host is not enrolled yet.');
  const credentials = { key: current.key.reveal(), certificate: current.certificate };
  return {
    name: 'the gateway',
    open: async (path, offset, signal) =>
      downloadRelease(gateway, { environment: io.environment, signal, identity: credentials }, path, offset),
  };
}

const MAX_LATEST_BYTES = 1024 * 1024;

async function latestOf(source: ReleaseSource, layout: Layout, signal: AbortSignal): Promise<string> {
  const read = async (file: string) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of await source.open(file, 0, signal)) {
      length += chunk.length;
      if (length > MAX_LATEST_BYTES) throw new CommandError(`${file} is too large.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
  const files = { keys: await read(releasePaths.keys), latest: await read(releasePaths.latest) };
  const { latest } = verifyLatest(files, {
    rootKeys: buildFacts.rootKeys,
    seen: readJournal(layout.updater)?.seen ?? { keys: 0, latest: 0, release: 0 },
    now: Date.now(),
  });
  return latest.release.version;
}

async function ask(
  io: Io,
  request: Omit<UpgradeRequest, 'format' | 'id'>,
  isFollowed: boolean,
): Promise<void> {
  const id = randomUUID();
  const content: UpgradeRequest = { format: 1, id, ...request };
  const layout = layoutHere(io);
  await forAdministrators(() =>
    writeDurably(join(layout.updater, REQUEST_FILE), JSON.stringify(content), 0o600),
  );
  const start = () => startUpdater(io);
  start();
  if (!isFollowed) return;
  const phase = await withProgress(io, `Waiting for ${request.to}`, () =>
    awaitUpdater(id, { layout, start }),
  );
  io.stdout.write(`${describe(phase)}\n`);
  const isDone = phase.name === 'committed' || (phase.name === 'rolled-back' && phase.code === 'REQUESTED');
  if (!isDone) io.setExitCode(exitCodes.failed);
}

function startUpdater(io: Io): void {
  if (process.platform === 'win32') {
    servicesOfThisWindows(io.environment).start(UPDATER);
    return;
  }
  const { status, stderr } = runOnHost(['systemctl', 'start', '--no-block', `${UPDATER}.service`]);
  if (status !== 0) throw new CommandError(`The updater cannot be started: ${stderr.trim()}`);
}
