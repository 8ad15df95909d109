import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentProgram } from '@penstock/agent';
import { alertConditions } from '@penstock/config-schema';
import { gatewayProgram } from '@penstock/gateway';
import { type Io, runProgram } from '@penstock/terminal';
import type { Pair } from '../rig/pair.ts';

/** Where people look when something does not work. */
export const tools = [
  'driver',
  'explain',
  'agent list',
  'agent show',
  'gateway log',
  'agent log',
  'doctor',
  'alert',
] as const;
export type Tool = (typeof tools)[number];

/** What each tool says about one cause; nothing where it is silent or cannot be asked. */
export type Said = Readonly<Partial<Record<Tool, string>>>;

/** Runs a command in this process, as if on a wide terminal, and returns what it prints. */
async function printed(
  program: 'agent' | 'gateway',
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  let text = '';
  const stdout = { write: (more: string) => (text += more), columns: 400 };
  const io: Io = { stdout, stderr: stdout, environment, setExitCode: () => {} };
  const signals = { on: () => {}, off: () => {} };
  const make = program === 'agent' ? agentProgram : gatewayProgram;
  await runProgram(await make(io, signals, words), words, io);
  return text;
}

/** Runs a command of penstock-gateway against the API of a pair. */
export function operatorCommand(pair: Pair, ...words: readonly string[]): Promise<string> {
  const url = `http://127.0.0.1:${pair.gateway.admin.port}`;
  return printed('gateway', words, { PENSTOCK_URL: url, PENSTOCK_TOKEN: pair.adminToken });
}

/** Runs `penstock-agent WORD --config FILE`. */
export const agentCommand = (
  word: 'doctor' | 'enroll',
  file: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> => printed('agent', [word, '--config', file], environment);

/** Writes the file of an agent, with changes merged into it. */
export async function agentYaml(pair: Pair, name: string, changes: object): Promise<string> {
  const file = join(pair.directory, `${name}.yaml`);
  await writeFile(file, JSON.stringify(pair.agentFile(name, changes as Readonly<Record<string, unknown>>)));
  return file;
}

/** The lines in which a word occurs. */
export const linesWith = (text: string, word: string): string =>
  text
    .split('\n')
    .filter((line) => new RegExp(String.raw`(?<![\w-])${word}(?![\w-])`).test(line))
    .join('\n');

/** The log lines of a program from an index on, one in each row, or only those about something. */
export function logOf(pair: Pair, program: string, about?: string, from = 0): string {
  const lines = pair.logged
    .slice(from)
    .filter((entry) => entry.program === program)
    .map((entry) => JSON.stringify(entry));
  return about === undefined ? lines.join('\n') : linesWith(lines.join('\n'), about);
}

/** The alerts that fire, one in each row, with what the messages say. */
export async function alerts(pair: Pair, about: string): Promise<string> {
  const { items } = await pair.api('GET /alerts?state=firing');
  return linesWith((items as readonly object[]).map((each) => JSON.stringify(each)).join('\n'), about);
}

/** Merged into gateway.yaml: every condition fires at once; nobody receives the messages. */
export const allAlerts = {
  health: { heartbeatInterval: '200ms', staleAfter: '2s', failingOpensMinimum: 1 },
  alerts: alertConditions.map((condition) => ({ condition, receivers: ['nobody'] })),
  receivers: [{ name: 'nobody', webhook: '${env:NOBODY}' }],
};
