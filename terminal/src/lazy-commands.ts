import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { commandPages } from './command-page.ts';
import { exitCodes } from './exit-code.ts';

/** A command of a program, listed without loading its code. */
export type LazyCommand = {
  readonly name: string;
  /** The command's own description. */
  readonly description: string;
  readonly load: () => Promise<Command>;
  /** For scripts: neither listed nor suggested. */
  readonly isHidden?: true;
};

/**
 * Adds commands to a program. Only the one that `argv` calls is loaded, because loading all of them takes longer than most
 * commands do; the others are listed. Without `argv`, all are loaded.
 */
export async function addLazyCommands(
  program: Command,
  commands: readonly LazyCommand[],
  argv?: readonly string[],
): Promise<Command> {
  const called = argv?.filter((word) => word !== 'help').find((word) => !word.startsWith('-'));
  // The script of `completion` has every command.
  const isAll = argv === undefined || called === 'completion';
  for (const { name, description, load, isHidden = false } of commands) {
    const command = isAll || name === called ? await load() : new Command(name).description(description);
    program.addCommand(command, { hidden: isHidden });
  }
  const isKnown = called === undefined || called === 'help' || commands.some(({ name }) => name === called);
  const visible = commands.filter(({ isHidden }) => isHidden !== true);
  if (!isKnown) program.addCommand(await unknownCommand(program.name(), called, visible), { hidden: true });
  return program.configureHelp({ subcommandTerm: (command) => command.name() });
}

/** Commands of one program that people look for in the other. */
const programOf: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'init token agent pool session connection alert receiver grant approval audit admin-token',
      'enroll status ready doctor probe identity',
    ].flatMap((names, index) =>
      names.split(' ').map((name) => [name, index === 0 ? 'penstock-gateway' : 'penstock-agent']),
    ),
  ),
};

/** Words of other programs for a command. */
const SYNONYMS: Readonly<Record<string, string>> = {
  start: 'run',
  serve: 'run',
  check: 'validate',
  lint: 'validate',
  test: 'validate',
  ls: 'list',
  agents: 'agent list',
  pools: 'pool list',
  connections: 'connection list',
  sessions: 'session list',
  tokens: 'token list',
  grants: 'grant list',
  alerts: 'alert list',
  version: '--version',
};

/** A command for a name that the program does not have; it fails and says which command was meant. */
async function unknownCommand(
  program: string,
  called: string,
  commands: readonly LazyCommand[],
): Promise<Command> {
  const suggestion = await whatWasMeant(program, called, commands);
  return new Command(called)
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(() => {
      throw new CommandError(`There is no command ${called} in ${program}.`, {
        exitCode: exitCodes.usage,
        suggestion,
      });
    });
}

async function whatWasMeant(
  program: string,
  called: string,
  commands: readonly LazyCommand[],
): Promise<string> {
  const other = programOf[called];
  if (other !== undefined && other !== program) return `It is a command of ${other}: ${other} ${called}`;
  const { suggest } = await import('@penstock/config-schema/text');
  const all = new Command(program);
  for (const { load } of commands) all.addCommand(await load());
  const paths = commandPages(all).map(({ path }) => path.split(' ').slice(1).join(' '));
  const meant = SYNONYMS[called] ?? called;
  if (meant.startsWith('--') || paths.includes(meant)) return `Did you mean: ${program} ${meant}`;
  const named = paths.filter((path) => path.endsWith(` ${meant}`));
  if (named.length > 0)
    return `Did you mean one of these?\n${named.map((path) => `  ${program} ${path}`).join('\n')}`;
  const names = commands.map(({ name }) => name);
  const near = suggest(called, names);
  if (near !== undefined) return `Did you mean: ${program} ${near}`;
  const verb = suggest(called, [...new Set(paths.map((path) => path.split(' ').at(-1) ?? ''))]);
  const similar = verb === undefined ? [] : paths.filter((path) => path.endsWith(` ${verb}`));
  if (similar.length > 0)
    return `Did you mean one of these?\n${similar.map((path) => `  ${program} ${path}`).join('\n')}`;
  return `Its commands are ${names.join(', ')}. Details: ${program} --help`;
}
