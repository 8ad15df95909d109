/** A fenced block of a Markdown document that readers are meant to paste into a shell. */
export type ShellBlock = { readonly heading: string; readonly text: string };

/** Returns the blocks fenced with ```sh, each with the nearest heading above it. */
export function shellBlocks(markdown: string): ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let heading = '';
  let inside: string[] | undefined;
  let isShell = false;
  let indentation = 0;
  for (const written of markdown.split('\n')) {
    // Blocks in lists are indented; so are lines of a block's own.
    const line = written.slice(Math.min(indentation, written.length - written.trimStart().length));
    if (inside === undefined) {
      const [, title] = /^#+ (.*)$/.exec(line) ?? [];
      if (title !== undefined) heading = title;
      const [, before = '', language] = /^( *)```(.*)$/.exec(line) ?? [];
      if (language === undefined) continue;
      indentation = before.length;
      inside = [];
      isShell = language === 'sh';
    } else if (line === '```') {
      if (isShell) blocks.push({ heading, text: `${inside.join('\n')}\n` });
      inside = undefined;
      indentation = 0;
    } else {
      inside.push(line);
    }
  }
  return blocks;
}
