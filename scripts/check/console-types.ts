import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Check } from './check.ts';
import { runTool } from './tool.ts';

const CONSOLE = 'console';
/** The pages, which run in a browser, and their tests, which run in Node and in a browser. */
const projects = [CONSOLE, `${CONSOLE}/tsconfig.test.json`];
/** Started by its path: each project has a cache of its own, and shares none with the check of everything else. */
const COMPILER = 'node_modules/typescript/bin/tsc';
/** Where console/tsconfig.json finds `#openapi`. */
const TYPES_FILE = 'node_modules/.cache/penstock-openapi/openapi.d.ts';

export const consoleTypesCheck: Check = {
  name: 'console types',
  promise: 'the console compiles against the API that docs/openapi.json describes',
  async run(root) {
    if (!existsSync(join(root, CONSOLE, 'node_modules/openapi-typescript'))) {
      return {
        problems: process.env['PENSTOCK_REQUIRE_ALL'] === '1' ? [NOT_INSTALLED] : [],
        warnings: [NOT_INSTALLED],
      };
    }
    await writeApiTypes(root);
    const found = await Promise.all(
      projects.map((project) => runTool(root, 'node', [COMPILER, '--project', project, '--pretty', 'false'])),
    );
    return { problems: found.flatMap(({ problems }) => problems) };
  },
};

type OpenapiTypescript = {
  default(document: object): Promise<object>;
  astToString(nodes: object): string;
};

const NOT_INSTALLED =
  'not checked: openapi-typescript is not installed in console/node_modules (npm ci does it)';

/** Generates the types of the API from its document. They are never older than the document, so they are not kept in Git. */
export async function writeApiTypes(root: string): Promise<void> {
  // It needs TypeScript 5, which is installed next to it in console/ and not at the top.
  const module = pathToFileURL(join(root, CONSOLE, 'node_modules/openapi-typescript/dist/index.mjs')).href;
  const { default: openapiTS, astToString } = (await import(module)) as OpenapiTypescript;
  const document = JSON.parse(await readFile(join(root, 'docs/openapi.json'), 'utf8')) as object;
  const types = astToString(await openapiTS(document));
  const file = join(root, TYPES_FILE);
  await mkdir(dirname(file), { recursive: true });
  if ((await readFile(file, 'utf8').catch(() => '')) !== types) await writeFile(file, types);
}
