/**
 * Replaces the text between two markers of a document. Throws if they are missing, because nothing would be checked
 * then.
 */
export function between(
  document: string,
): (text: string, start: string, end: string, content: string) => string {
  return (text, start, end, content) => {
    const from = text.indexOf(start);
    const to = text.indexOf(end, from);
    if (from === -1 || to === -1)
      throw new Error(`${document} does not contain the markers ${start} and ${end}.`);
    return `${text.slice(0, from + start.length)}\n${content}${text.slice(to)}`;
  };
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => {
    const escaped = cells.map((cell) => cell.replaceAll('|', String.raw`\|`));
    return `| ${escaped.join(' | ')} |\n`;
  });
  return lines.join('');
}
