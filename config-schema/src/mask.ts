import { fieldKinds } from './field/field-kind.ts';
import { type SchemaNode, schemaChild } from './schema/schema-node.ts';
import { isSecretName } from './secret-name.ts';
import type { Node, Range } from './yaml/tree.ts';

/** A reference without a default, which reveals nothing. */
const BARE_REFERENCE = /\$\{(?:env:\w{1,256}|file:[^}\s]{1,1024})\}/g;

// Every repetition is bounded, because these run on unchecked text.
const URL_PASSWORD = /(:\/\/[^\s:/@]{0,256}:)([^\s]{1,512})(?=@)/g;
const URL_PARAMETER = /([?&](?:ssl)?password=)([^\s&#"',}]{1,512})/gi;
const KEY = /([\w.-]{1,64})["']?\s{0,8}:\s{1,8}/g;
const PEM_BODY = /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)([^-]{1,32768})/g;

/** Replaces literal secrets character for character, which preserves positions. */
export function maskSecrets(
  text: string,
  root: Node | undefined,
  schema: SchemaNode,
  broken: boolean,
): string {
  const ranges: Range[] = [];
  if (root !== undefined) collect(root, schema, false, ranges);
  let masked = maskRanges(text, ranges);
  // If the YAML is malformed, the tree may not cover the whole text.
  if (broken) masked = maskMatches(maskRanges(masked, keyedSecrets(masked)), PEM_BODY);
  for (const pattern of [URL_PASSWORD, URL_PARAMETER]) masked = maskMatches(masked, pattern);
  return masked;
}

function collect(node: Node, schema: SchemaNode | undefined, secret: boolean, ranges: Range[]): void {
  const allowed = schema?.field === undefined ? 'anything' : fieldKinds[schema.field.is].literal;
  const hidden = secret || allowed === 'reference';
  if (node.kind === 'scalar') {
    // A URL may also have been written where a group with a URL belongs.
    const mayHoldPassword =
      (allowed === 'url' || schema?.type === 'object') && /[@?]/.test(String(node.value));
    if (hidden || mayHoldPassword) ranges.push(node.range);
  } else if (node.kind === 'sequence') {
    for (const item of node.items) collect(item, schemaChild(schema, 0), hidden, ranges);
  } else {
    for (const [key, { value }] of node.entries) {
      const below = schemaChild(schema, key);
      collect(value, below, hidden || (below === undefined && isSecretName(key)), ranges);
    }
  }
}

/** The rest of each line that begins, or continues after a comma, with the name of a secret. */
function keyedSecrets(text: string): Range[] {
  return [...text.matchAll(KEY)]
    .filter(([, name = '']) => isSecretName(name))
    .map(({ 0: key, index }) => {
      const start = index + key.length;
      const end = text.indexOf('\n', start);
      return [start, end === -1 ? text.length : end] as const;
    });
}

function maskRanges(text: string, ranges: readonly Range[]): string {
  let result = '';
  let done = 0;
  for (const [start, end] of ranges.toSorted((one, other) => one[0] - other[0])) {
    // An alias yields the same range again.
    if (start < done) continue;
    result += text.slice(done, start) + stars(text.slice(start, end));
    done = end;
  }
  return result + text.slice(done);
}

function maskMatches(text: string, pattern: RegExp): string {
  return text.replace(pattern, (_, lead: string, value: string) => lead + stars(value));
}

/** Replaces everything except bare references, whitespace, and YAML punctuation. */
function stars(text: string): string {
  let result = '';
  let done = 0;
  for (const { 0: reference, index } of text.matchAll(BARE_REFERENCE)) {
    result += starred(text.slice(done, index)) + reference;
    done = index + reference.length;
  }
  return result + starred(text.slice(done));
}

function starred(text: string): string {
  return text.replace(/[^\s"',[\]{}]/g, '*');
}
