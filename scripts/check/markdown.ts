/** The rows of the first table below a heading, each as its cells; empty when there is none. */
export function tableBelow(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '').trim() === heading);
  if (start === -1) return [];
  const rows: string[][] = [];
  for (const line of lines.slice(start + 1)) {
    if (line.startsWith('#') && rows.length === 0) break;
    if (line.startsWith('|')) rows.push(cellsOf(line));
    else if (rows.length > 0) break;
  }
  // The names of the columns and the dashes below them.
  return rows.slice(2);
}

function cellsOf(row: string): string[] {
  return row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** Markdown without its code blocks and spans, lines kept in place. */
export function withoutCode(markdown: string): string {
  let inFence = false;
  return markdown
    .split('\n')
    .map((line) => {
      const isFence = /^\s*(```|~~~)/.test(line);
      if (isFence) inFence = !inFence;
      return isFence || inFence ? '' : line.replace(/`[^`]*`/g, '');
    })
    .join('\n');
}

/** The anchors that headings make, as code hosts make them. */
export function anchorsOf(markdown: string): Set<string> {
  let inFence = false;
  const anchors = new Set<string>();
  for (const line of markdown.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) inFence = !inFence;
    const [, title] = /^#+ (.*)$/.exec(line) ?? [];
    if (title === undefined || inFence) continue;
    const plain = title
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '');
    anchors.add(plain.replaceAll(' ', '-'));
  }
  return anchors;
}
