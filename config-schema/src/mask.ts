import { fieldKinds } from './field/field-kind.ts';
import { type SchemaNode, schemaChild } from './schema/schema-node.ts';
import type { Node, Range } from './yaml/tree.ts';

/** Keys whose values are taken for secrets even where the schema has no such field. */
const SECRET_KEY = /passw|passphrase|secret|token|credential|api_?key|private|webhook|^key$/i;

/** A reference without a default: tells nothing. */
const BARE_REFERENCE = /^["']?\$\{(?:env:\w+|file:[^}]*)\}["']?$/;

// Every repetition is bounded: these run over text that nobody has checked yet.
const URL_PASSWORD = /(:\/\/[^\s:/@]{0,256}:)([^\s]{1,512})(?=@)/g;
const URL_PARAMETER = /([?&](?:ssl)?password=)([^\s&#"',}]{1,512})/gi;
const KEYED_VALUE =
  /((?:passw|passphrase|secret|token|credential|api_?key|private|webhook|\bkey)\w{0,32}["']?\s{0,8}:\s{1,8})([^\n]{1,4096})/gi;
const PEM_BODY = /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)([^-]{1,32768})/g;

/** The text with literal secrets replaced, character for character, so that positions stay. */
export function maskSecrets(
  text: string,
  root: Node | undefined,
  schema: SchemaNode,
  broken: boolean,
): string {
  const ranges: Range[] = [];
  if (root !== undefined) collect(root, schema, false, ranges);
  let masked = maskRanges(text, ranges);
  const patterns = [URL_PASSWORD, URL_PARAMETER];
  // Where YAML is broken the tree may miss parts of the text.
  if (broken) patterns.push(KEYED_VALUE, PEM_BODY);
  for (const pattern of patterns) masked = maskMatches(masked, pattern);
  return masked;
}

function collect(node: Node, schema: SchemaNode | undefined, secret: boolean, ranges: Range[]): void {
  if (node.kind === 'scalar') {
    const field = schema?.field;
    if (secret || (field !== undefined && fieldKinds[field.is].literal === 'reference'))
      ranges.push(node.range);
  } else if (node.kind === 'sequence') {
    for (const item of node.items) collect(item, schemaChild(schema, 0), secret, ranges);
  } else {
    for (const [key, { value }] of node.entries) {
      const below = schemaChild(schema, key);
      collect(value, below, secret || (below === undefined && SECRET_KEY.test(key)), ranges);
    }
  }
}

function maskRanges(text: string, ranges: readonly Range[]): string {
  let result = '';
  let done = 0;
  for (const [start, end] of ranges.toSorted((one, other) => one[0] - other[0])) {
    // An alias brings the same place again.
    if (start < done) continue;
    const value = text.slice(start, end);
    result += text.slice(done, start) + (BARE_REFERENCE.test(value) ? value : stars(value));
    done = end;
  }
  return result + text.slice(done);
}

function maskMatches(text: string, pattern: RegExp): string {
  return text.replace(pattern, (match: string, lead: string, value: string) =>
    BARE_REFERENCE.test(value) ? match : lead + stars(value),
  );
}

function stars(text: string): string {
  return text.replace(/[^\s]/gu, (character) => '*'.repeat(character.length));
}
