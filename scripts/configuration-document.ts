import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configProblemCodes, type FileKind, fieldRows, renames } from '@penstock/config-schema';
import { between, markdownTable } from './generated-part.ts';

const DOCUMENT = 'docs/configuration.md';

/** docs/configuration.md with its generated tables: fields, renamed fields and problems. */
export async function configurationDocument(): Promise<{ path: string; content: string }> {
  const part = between(DOCUMENT);
  let content = await readFile(join(import.meta.dirname, '..', DOCUMENT), 'utf8');
  content = part(content, '<!-- fields: Agent -->', '<!-- end of fields -->', fieldTable('Agent'));
  content = part(content, '<!-- fields: Gateway -->', '<!-- end of fields -->', fieldTable('Gateway'));
  content = part(content, '<!-- renamed -->', '<!-- end of renamed -->', renamedTable());
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

function renamedTable(): string {
  const files = { Agent: 'agent.yaml', Gateway: 'gateway.yaml' } as const;
  const rows = (['Agent', 'Gateway'] as const).flatMap((kind) => {
    const { keys, values } = renames[kind];
    const newPath = (former: string, name: string) => former.replace(/[^.]+$/, name);
    // In `renames`, parents have their new names; the table shows the complete former path.
    const formerPath = (path: string) =>
      Object.entries(keys).reduce((text, [former, name]) => {
        const parent = `${newPath(former, name)}[].`;
        return text.startsWith(parent) ? `${former}[].${text.slice(parent.length)}` : text;
      }, path);
    const renamedKeys = Object.entries(keys).map(([former, name]) => [
      files[kind],
      `\`${formerPath(former)}\``,
      `\`${newPath(former, name)}\``,
    ]);
    const renamedValues = Object.entries(values).flatMap(([field, names]) =>
      Object.entries(names).map(([former, name]) => [
        files[kind],
        `\`${field}: ${former}\``,
        `\`${field}: ${name}\``,
      ]),
    );
    return [...renamedKeys, ...renamedValues];
  });
  return markdownTable(['file', 'former name', 'name'], rows);
}

function problemTable(): string {
  const rows = Object.entries(configProblemCodes).map(([code, sentence]) => [`\`${code}\``, sentence]);
  return markdownTable(['code', 'problem'], rows);
}
