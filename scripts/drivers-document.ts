import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Driver,
  driverNotes,
  everyDriver,
  type IngressEndpoint,
  recipeFor,
} from '@penstock/connection-strings';
import { between, markdownTable } from './generated-part.ts';

const DOCUMENT = 'docs/drivers.md';

const placeholders = {
  connection: 'orders',
  user: 'USER',
  database: 'DATABASE',
  grant: 'GRANT',
  target: undefined,
};

const GATEWAY = 'gateway.example.com';

/** The example ingress endpoints, each with the text of the first column. */
const endpoints: readonly (readonly [string, IngressEndpoint])[] = [
  ['`tcp`', { kind: 'tcp', host: GATEWAY, port: 15_432 }],
  [
    '`sni`, `mode: passthrough`',
    { kind: 'sni', mode: 'passthrough', host: 'orders.db.example.com', port: 6432 },
  ],
  ['`sni`, `mode: terminate`', { kind: 'sni', mode: 'terminate', host: 'orders.db.example.com', port: 6432 }],
  ['`socks5`', { kind: 'socks5', grant: 'required', host: GATEWAY, port: 1080 }],
  ['`socks5`, `grant: none`', { kind: 'socks5', grant: 'none', host: GATEWAY, port: 1080 }],
  ['`httpConnect`', { kind: 'httpConnect', grant: 'required', tls: 'on', host: GATEWAY, port: 8444 }],
  [
    '`httpConnect`, `grant: none`, `tls: off`',
    { kind: 'httpConnect', grant: 'none', tls: 'off', host: GATEWAY, port: 8888 },
  ],
];

/** docs/drivers.md with a section for each driver: its connection strings and notes. */
export async function driversDocument(): Promise<{ path: string; content: string }> {
  const content = await readFile(join(import.meta.dirname, '..', DOCUMENT), 'utf8');
  return {
    path: DOCUMENT,
    content: between(DOCUMENT)(
      content,
      '<!-- drivers -->',
      '<!-- end of drivers -->',
      `\n${everyDriver.map(section).join('\n')}\n`,
    ),
  };
}

function section(driver: Driver): string {
  const numbers = new Map<string, number>();
  const rows = endpoints.map(([words, endpoint]) => {
    const recipe = recipeFor(driver, endpoint, placeholders);
    if ('unsupported' in recipe) return [words, recipe.unsupported, ''];
    const strings = [recipe.connect, ...(recipe.also ?? [])].map((text) => `\`${text}\``);
    const references = recipe.notes.map((id) => {
      if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
      return String(numbers.get(id));
    });
    return [words, strings.join(' '), references.join(', ')];
  });
  const list = [...numbers].map(
    ([id, number]) => `${number}. ${driverNotes[id as keyof typeof driverNotes]}\n`,
  );
  return `### ${driver.title}\n\n${markdownTable(['ingress', `\`--driver ${driver.name}\``, 'notes'], rows)}\n${list.join('')}`;
}
