/** One instruction of a Dockerfile, with continuation lines joined. */
export type Instruction = { readonly name: string; readonly flags: readonly string[]; readonly rest: string };

export type Stage = { readonly name: string | undefined; readonly instructions: readonly Instruction[] };

/** Parses the stages of a Dockerfile, in order. Supports only the syntax that our files use. */
export function parseDockerfile(text: string): Stage[] {
  const stages: { name: string | undefined; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(text)) {
    if (instruction.name === 'FROM') {
      const [, name] = / AS (\S+)$/i.exec(instruction.rest) ?? [];
      stages.push({ name, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
}

function instructionsOf(text: string): Instruction[] {
  return text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, name = '', rest = ''] = /^\s*([A-Z]+)\s+(.*?)\s*$/.exec(line) ?? [];
      if (name === '') return [];
      const words = rest.split(/\s+/);
      const flags = words.slice(
        0,
        words.findIndex((word) => !word.startsWith('--')),
      );
      return [{ name, flags, rest: rest.slice(flags.join(' ').length).trim() }];
    });
}

/** The arguments of every instruction with this name, in order. */
export function argumentsOf(stage: Stage | undefined, name: string): string[] {
  return (stage?.instructions ?? []).filter((one) => one.name === name).map(({ rest }) => rest);
}

/** The words of an exec form. Throws for a shell form, which does not pass signals on. */
export function execForm(text: string | undefined): string[] {
  const words: unknown = JSON.parse(text ?? '');
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) {
    throw new Error(`${text} is not in exec form.`);
  }
  return words;
}
