import type { Command, Option } from 'commander';

export const completionShells = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof completionShells)[number];

/** One place on the command line, and the words that can follow there. */
type Place = {
  /** The commands before it, such as `agent list`; empty at the program itself. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
  /** Values of options that have a choice, by each of the option's names. */
  readonly values: ReadonlyMap<string, readonly string[]>;
};

/** The completion of a program for a shell. What takes any value is completed with the names of files. */
export function completionScript(program: Command, shell: CompletionShell): string {
  const name = program.name();
  const places = placesBelow(program, '');
  switch (shell) {
    case 'bash':
      return bashScript(name, places);
    case 'zsh':
      // zsh runs scripts for bash, and shows the same words.
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(name, places)}`;
    case 'fish':
      return fishScript(name, places);
  }
}

function placesBelow(command: Command, path: string): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((each) => each.name() !== 'help');
  const options = help.visibleOptions(command);
  const [argument] = help.visibleArguments(command);
  const own: Place = {
    path,
    words: [
      ...commands.map((each) => ({ word: each.name(), description: each.description() })),
      ...(argument?.argChoices ?? []).map((word) => ({ word, description: argument?.description ?? '' })),
      ...options.flatMap((option) =>
        namesOf(option).map((word) => ({ word, description: option.description })),
      ),
    ],
    values: new Map(
      options.flatMap((option) => namesOf(option).map((word) => [word, option.argChoices ?? []] as const)),
    ),
  };
  return [own, ...commands.flatMap((each) => placesBelow(each, `${path} ${each.name()}`.trim()))];
}

const namesOf = ({ short, long }: Option) => [short, long].filter((each) => each !== undefined);

/** Text of a shell between single quotes; none of the three has a way to write one inside. */
const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function bashScript(name: string, places: readonly Place[]): string {
  const id = name.replaceAll('-', '_');
  const commandPaths = places.filter(({ path }) => path !== '').map(({ path }) => path);
  const words = places.map(
    ({ path, words: each }) =>
      `    ${quoted(path)}) words=${quoted(each.map(({ word }) => word).join(' '))} ;;`,
  );
  const values = places.flatMap(({ path, values: each }) =>
    [...each]
      .filter(([, choices]) => choices.length > 0)
      .map(
        ([option, choices]) =>
          `    ${quoted(`${path} ${option}`.trim())}) words=${quoted(choices.join(' '))} ;;`,
      ),
  );
  return `# Completion of ${name}, made by: ${name} completion
_${id}() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local path='' index words=''
  for ((index = 1; index < COMP_CWORD; index += 1)); do
    case "$path \${COMP_WORDS[index]}" in
${commandPaths.map((path) => `      ${quoted(path.includes(' ') ? path : ` ${path}`)}) path=${quoted(path)} ;;`).join('\n')}
    esac
  done
  COMPREPLY=()
  case "\${path:+$path }$previous" in
${values.join('\n')}
  esac
  if [ -z "$words" ]; then
    case "$path" in
${words.join('\n')}
    esac
  fi
  while IFS= read -r index; do COMPREPLY+=("$index"); done < <(compgen -W "$words" -- "$word")
}
complete -o default -F _${id} ${name}
`;
}

function fishScript(name: string, places: readonly Place[]): string {
  const id = name.replaceAll('-', '_');
  const lines = places.flatMap(({ path, words, values }) =>
    words.map(({ word, description }) => {
      const at = `-n ${quoted(`__${id}_at ${path}`.trim())}`;
      const text = `-d ${quoted(description)}`;
      if (!word.startsWith('-')) return `complete -c ${name} ${at} -f -a ${quoted(word)} ${text}`;
      const option = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
      const choices = values.get(word) ?? [];
      const value = choices.length === 0 ? '' : ` -x -a ${quoted(choices.join(' '))}`;
      return `complete -c ${name} ${at} ${option}${value} ${text}`;
    }),
  );
  const known = [...new Set(places.flatMap(({ path }) => path.split(' ')))].filter((word) => word !== '');
  return `# Completion of ${name}, made by: ${name} completion
function __${id}_at
  set -l commands
  for word in (commandline -opc)[2..]
    contains -- $word ${known.join(' ')}; and set -a commands $word
  end
  test "$commands" = "$argv"
end
${lines.join('\n')}
`;
}
