import { oddCharacter } from '../odd-character.ts';
import { suggest } from '../suggestion.ts';
import type { Finding } from '../yaml/finding.ts';
import { pathWords, shortened } from '../yaml/path-words.ts';
import { keyRangeAt, type Node, type Path } from '../yaml/tree.ts';
import type { SchemaNode } from './schema-node.ts';
import { schemaOf } from './schema-verdict.ts';
import type { SchemaError } from './validator.ts';

export type UnknownKey = {
  readonly root: Node;
  /** Of the whole file. */
  readonly schema: SchemaNode;
  /** Of the mapping that has the key. */
  readonly path: Path;
  readonly key: string;
  readonly error: SchemaError;
  /** Receives the JSON pointer of the field that was probably meant, which is then not reported as missing. */
  readonly misspelled: Set<string>;
};

/** The finding for a key that its mapping does not have, and where it belongs or what was probably meant. */
export function unknownKey({ root, schema, path, key, error, misspelled }: UnknownKey): Finding {
  const known = Object.keys(schemaOf(error).properties ?? {});
  const near = suggest(key, known) ?? insteadOf(key, known);
  if (near !== undefined) misspelled.add(`${error.instancePath}/${near}`);
  const place = path.length === 0 ? 'in this file' : `in \`${pathWords(root, path)}\``;
  return {
    code: 'UNKNOWN_KEY',
    range: keyRangeAt(root, [...path, key]),
    path: [...path, key],
    message: `There is no field \`${shortened(key)}\` ${place}.`,
    suggestion: suggestionFor(key, near, known, near === undefined ? groupsWith(schema, key) : []),
  };
}

/** Parts of an address, as other programs have them. */
const ADDRESS_PARTS = /^(?:host|port|hostname|hostaddr|server|addr|ip|target|endpoint|url|uri|bind)$/i;

/** The field that replaces another of a different name. */
function insteadOf(key: string, known: readonly string[]): string | undefined {
  if (!ADDRESS_PARTS.test(key)) return undefined;
  return ['address', 'listen', 'url', 'tcp'].find((each) => known.includes(each));
}

function suggestionFor(
  key: string,
  near: string | undefined,
  known: readonly string[],
  groups: readonly string[],
): string {
  const odd = oddCharacter(key);
  if (odd !== undefined) return `It contains the character ${odd.words}. Type the name again.`;
  if (near === undefined) {
    const here = `Possible fields: ${known.join(', ')}.`;
    if (groups.length === 0) return here;
    return `\`${key}\` is a field of ${groups.join(' and ')}; move it there. ${here}`;
  }
  if (!ADDRESS_PARTS.test(key)) return `Did you mean \`${near}\`?`;
  const example =
    near === 'url'
      ? 'https://gateway.example.com:8443'
      : near === 'address'
        ? 'db.internal:5432'
        : '0.0.0.0:5432';
  return `Write host and port together, in \`${near}\`: \`${near}: ${example}\`.`;
}

/** More groups than this say nothing about where a key belongs. */
const MAX_GROUPS = 2;

/** The groups of the file that have a field `key`, in words; none if there are more than two. */
function groupsWith(schema: SchemaNode, key: string): readonly string[] {
  const groups: string[] = [];
  const visit = (node: SchemaNode, words: string) => {
    const properties = node.properties ?? node.items?.properties;
    if (properties === undefined) return;
    const group = node.properties === undefined ? `${words}[]` : words;
    if (Object.hasOwn(properties, key)) groups.push(words === '' ? 'the file itself' : `\`${group}\``);
    for (const [name, child] of Object.entries(properties))
      visit(child, group === '' ? name : `${group}.${name}`);
  };
  visit(schema, '');
  return groups.length > MAX_GROUPS ? [] : groups;
}
