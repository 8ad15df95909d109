import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cause, databaseCauses, fleetCauses, ownerCauses } from '../test/causes/causes.ts';
import { between, markdownTable } from './generated-part.ts';

const DOCUMENT = 'docs/diagnostics.md';

const TOOLS = {
  driver: 'the driver',
  doctor: '`penstock-agent doctor`',
  explain: '`connection explain`',
} as const;

/** docs/diagnostics.md with the table of causes that test/causes/ produces. */
export async function diagnosticsDocument(): Promise<{ path: string; content: string }> {
  const text = await readFile(join(import.meta.dirname, '..', DOCUMENT), 'utf8');
  const tables = [databaseCauses, ownerCauses, fleetCauses].map((causes) =>
    markdownTable(['you see', 'in', 'cause', 'fix'], causes.map(rowOf)),
  );
  return {
    path: DOCUMENT,
    content: between(DOCUMENT)(text, '<!-- causes -->', '<!-- end of causes -->', tables.join('\n')),
  };
}

function rowOf({ first, says, cause, fix }: Cause): string[] {
  const cell = says[first];
  if (cell === undefined || !('names' in cell)) throw new Error(`${cause} is not named by ${first}.`);
  return [`\`${cell.names}\``, TOOLS[first], cause, fix];
}
