// Builds the console into a folder: node console/build/main.ts --out FOLDER
import { parseArgs } from 'node:util';
import { buildConsole } from './build-console.ts';

const { values } = parseArgs({ options: { out: { type: 'string' } } });
if (values.out === undefined) {
  process.stderr.write('Usage: node console/build/main.ts --out FOLDER\n');
  process.exit(1);
}
try {
  await buildConsole(values.out);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
