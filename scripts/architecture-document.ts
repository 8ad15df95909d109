import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rooms } from './check/rooms.ts';
import { between, markdownTable } from './generated-part.ts';

const DOCUMENT = 'docs/architecture.md';

/** docs/architecture.md with the table of packages that the import check enforces. */
export async function architectureDocument(): Promise<{ path: string; content: string }> {
  const text = await readFile(join(import.meta.dirname, '..', DOCUMENT), 'utf8');
  const code = (name: string) => `\`${name}\``;
  const rows = rooms.map(({ name, holds, mayImport }) => [
    code(`${name}/`),
    holds,
    mayImport.map(code).join(', ') || 'nothing',
  ]);
  const table = markdownTable(['room', 'holds', 'may import'], rows);
  return {
    path: DOCUMENT,
    content: between(DOCUMENT)(text, '<!-- rooms -->', '<!-- end of rooms -->', table),
  };
}
