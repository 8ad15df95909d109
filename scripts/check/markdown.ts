/** The cells of each row of the first table below a heading; empty if there is no table. */
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
  // Skip the column names and the separator row.
  return rows.slice(2);
}

function cellsOf(row: string): string[] {
  return row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** Removes code blocks and spans. Line numbers stay the same. */
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

/** The anchors of all headings, generated as code hosts do. */
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
