import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configProblemCodes, type FileKind, fieldRows } from '@penstock/config-schema';

const DOCUMENT = 'docs/configuration.md';

/** docs/configuration.md with the tables that the schemas and the list of problems make. */
export async function configurationDocument(): Promise<{ path: string; content: string }> {
  let content = await readFile(join(import.meta.dirname, '..', DOCUMENT), 'utf8');
  content = between(content, '<!-- fields: Agent -->', '<!-- end of fields -->', fieldTable('Agent'));
  content = between(content, '<!-- fields: Gateway -->', '<!-- end of fields -->', fieldTable('Gateway'));
  content = between(content, '<!-- problems -->', '<!-- end of problems -->', problemTable());
  return { path: DOCUMENT, content };
}

function fieldTable(kind: FileKind): string {
  const rows = fieldRows(kind).map(({ path, type, standard, description }) => [
    `\`${path}\``,
    type,
    standard,
    description,
  ]);
  return markdownTable(['field', 'value', 'default', 'meaning'], rows);
}

function problemTable(): string {
  const rows = Object.entries(configProblemCodes).map(([code, sentence]) => [`\`${code}\``, sentence]);
  return markdownTable(['code', 'what is wrong'], rows);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => {
    const escaped = cells.map((cell) => cell.replaceAll('|', String.raw`\|`));
    return `| ${escaped.join(' | ')} |\n`;
  });
  return lines.join('');
}

/** Replaces what stands between two marks. Throws when they are not there: nothing would be checked then. */
function between(text: string, start: string, end: string, content: string): string {
  const from = text.indexOf(start);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`${DOCUMENT} has lost its marks ${start} and ${end}.`);
  return `${text.slice(0, from + start.length)}\n${content}${text.slice(to)}`;
}
