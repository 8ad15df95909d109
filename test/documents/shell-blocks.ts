/** A fenced block of a Markdown document that readers are meant to paste into a shell. */
export type ShellBlock = { readonly heading: string; readonly text: string };

/** Returns the blocks fenced with ```sh, each with the nearest heading above it. */
export function shellBlocks(markdown: string): ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let heading = '';
  let inside: string[] | undefined;
  let isShell = false;
  for (const line of markdown.split('\n')) {
    if (inside === undefined) {
      const [, title] = /^#+ (.*)$/.exec(line) ?? [];
      if (title !== undefined) heading = title;
      const [, language] = /^```(.*)$/.exec(line) ?? [];
      if (language === undefined) continue;
      inside = [];
      isShell = language === 'sh';
    } else if (line === '```') {
      if (isShell) blocks.push({ heading, text: `${inside.join('\n')}\n` });
      inside = undefined;
    } else {
      inside.push(line);
    }
  }
  return blocks;
}
