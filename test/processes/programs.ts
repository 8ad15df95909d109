import { execFile } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ManagedProcess } from '../rig/process.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

export type Program = 'agent' | 'gateway';
export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export const binOf = (program: Program) =>
  fileURLToPath(new URL(`../../${program}/bin/penstock-${program}.js`, import.meta.url));

/** How each program is started: the executable, and arguments before those of the program. */
export type ProgramCommands = Readonly<
  Record<Program, readonly [executable: string, ...before: readonly string[]]>
>;

/** The programs of this checkout. */
const fromSources: ProgramCommands = {
  agent: [process.execPath, binOf('agent')],
  gateway: [process.execPath, binOf('gateway')],
};

/** Runs one command of a program and resolves when it has exited, whatever its exit code. */
export async function runCommand(
  program: Program,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  commands = fromSources,
): Promise<CommandResult> {
  const [executable, ...before] = commands[program];
  try {
    const { stdout, stderr } = await promisify(execFile)(executable, [...before, ...words], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      timeout: 60_000,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** A folder with configuration files, and the programs that run with them. Disposing it stops the programs. */
export type Site = AsyncDisposable & {
  readonly directory: string;
  readonly commands: ProgramCommands;
  path(name: string): string;
  /** Replaces a file atomically, as an editor or a ConfigMap does. */
  write(name: string, content: unknown): Promise<string>;
  start(
    program: Program,
    file: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<ManagedProcess>;
};

export async function makeSite(commands = fromSources): Promise<Site> {
  const folder = await temporaryDirectory();
  const running: ManagedProcess[] = [];
  const path = (name: string) => join(folder.path, name);
  return {
    directory: folder.path,
    commands,
    path,
    async write(name, content) {
      await writeFile(path(`${name}.new`), typeof content === 'string' ? content : JSON.stringify(content));
      await rename(path(`${name}.new`), path(name));
      return path(name);
    },
    async start(program, file, environment = {}) {
      const [command, ...before] = commands[program];
      const args = [...before, 'run', '--config', path(file)];
      const child = await ManagedProcess.start({ command, args, env: environment });
      running.push(child);
      return child;
    },
    async [Symbol.asyncDispose]() {
      for (const child of running) await child[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export const gatewayFile = (changes: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: 'penstock/v1',
  kind: 'Gateway',
  version: 1,
  organization: 'acme',
  listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
  dataDirectory: 'gateway-data',
  pools: [{ name: 'dc1' }],
  connections: [connection('echo')],
  log: { level: 'debug' },
  ...changes,
});

export const connection = (name: string) => ({
  name,
  connector: name,
  pools: ['dc1'],
  ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
});

export const agentFile = (
  {
    tunnelPort,
    pin,
    targets,
  }: { tunnelPort: number; pin: string; targets: Readonly<Record<string, number>> },
  changes: Readonly<Record<string, unknown>> = {},
) => ({
  apiVersion: 'penstock/v1',
  kind: 'Agent',
  version: 1,
  name: 'agent-1',
  pool: 'dc1',
  gateway: { url: `https://127.0.0.1:${tunnelPort}`, pins: [pin], trust: 'pins', proxy: 'none' },
  identity: { directory: 'agent-data', enrollmentToken: '${env:TOKEN:-}' },
  connectors: Object.entries(targets).map(([name, port]) => ({
    name,
    kind: 'tcp',
    address: `127.0.0.1:${port}`,
  })),
  local: { listen: '127.0.0.1:0' },
  log: { level: 'debug' },
  ...changes,
});

/** The port in the log line of a listener. */
export const portOf = (line: Readonly<Record<string, unknown>>): number =>
  Number(line['port'] ?? String(line['address']).split(':').at(-1));
