import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configProblemCodes, type FileKind, fieldRows } from '@penstock/config-schema';
import { between, markdownTable } from './generated-part.ts';

const DOCUMENT = 'docs/configuration.md';

/** docs/configuration.md with the tables that the schemas and the list of problems make. */
export async function configurationDocument(): Promise<{ path: string; content: string }> {
  const part = between(DOCUMENT);
  let content = await readFile(join(import.meta.dirname, '..', DOCUMENT), 'utf8');
  content = part(content, '<!-- fields: Agent -->', '<!-- end of fields -->', fieldTable('Agent'));
  content = part(content, '<!-- fields: Gateway -->', '<!-- end of fields -->', fieldTable('Gateway'));
  content = part(content, '<!-- problems -->', '<!-- end of problems -->', problemTable());
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
