import { fieldKinds } from '../field/field-kind.ts';
import type { ConfigProblemCode } from '../problem.ts';
import { type SchemaNode, schemaChild } from '../schema/schema-node.ts';
import type { Finding } from '../yaml/finding.ts';
import { pathWords } from '../yaml/path-words.ts';
import { toPointer } from '../yaml/pointer.ts';
import type { JsonValue, Node, Path, Range, ScalarNode } from '../yaml/tree.ts';
import type { ReferenceHost } from './host.ts';
import { literalSecret } from './literal-secret.ts';
import { absoluteTemplate, type ReferenceProblem, resolvePart } from './resolve.ts';
import { parseTemplate, type TemplatePart } from './template.ts';

export type ResolvedTree = {
  /** Plain values with references resolved; those that could not be resolved are left as written. */
  readonly data: JsonValue;
  readonly findings: readonly Finding[];
  /** JSON pointers of values that came from references, with the text of the reference. */
  readonly references: ReadonlyMap<string, string>;
  /** JSON pointers of values omitted because their references have no value, each with a sentence that says why. */
  readonly missing: ReadonlyMap<string, string>;
  /** JSON pointers of values that are not known and cannot be checked further. */
  readonly unknown: ReadonlySet<string>;
  /** Paths of all files named by references. */
  readonly files: ReadonlySet<string>;
  /** Those of them that contain secrets. */
  readonly secretFiles: ReadonlySet<string>;
};

/** Resolves the references of a file. Without a host none is resolved, and every value with a reference is unknown. */
export function resolveTree(
  root: Node,
  text: string,
  schema: SchemaNode,
  host: ReferenceHost | undefined,
): ResolvedTree {
  const resolver = new TreeResolver(root, text, host);
  const data = resolver.resolve(root, schema, []) ?? null;
  return { data, ...resolver };
}

class TreeResolver {
  readonly findings: Finding[] = [];
  readonly references = new Map<string, string>();
  readonly missing = new Map<string, string>();
  readonly unknown = new Set<string>();
  readonly files = new Set<string>();
  readonly secretFiles = new Set<string>();
  readonly #root: Node;
  readonly #text: string;
  readonly #host: ReferenceHost | undefined;

  constructor(root: Node, text: string, host: ReferenceHost | undefined) {
    this.#root = root;
    this.#text = text;
    this.#host = host;
  }

  /** Returns undefined for an optional secret whose reference has no value: it counts as omitted. */
  resolve(node: Node, schema: SchemaNode | undefined, path: Path): JsonValue | undefined {
    if (node.kind === 'scalar') return this.#scalar(node, schema, path);
    if (node.kind === 'sequence') {
      return node.items.map(
        (item, index) => this.resolve(item, schemaChild(schema, index), [...path, index]) ?? null,
      );
    }
    const result: Record<string, JsonValue> = Object.create(null);
    for (const [key, entry] of node.entries) {
      const value = this.resolve(entry.value, schemaChild(schema, key), [...path, key]);
      if (value !== undefined) result[key] = value;
      else if (schema?.required?.includes(key)) result[key] = '';
    }
    return result;
  }

  #scalar(node: ScalarNode, schema: SchemaNode | undefined, path: Path): JsonValue | undefined {
    const parts =
      typeof node.value === 'boolean' || node.value === null ? [] : parseTemplate(String(node.value));
    const allowed = schema?.field === undefined ? 'anything' : fieldKinds[schema.field.is].literal;
    const secret = literalSecret(parts, allowed);
    if (secret !== undefined) {
      this.#report(path, node.range, secret);
      this.unknown.add(toPointer(path));
      return node.value;
    }
    if (parts.every((part) => part.kind === 'literal')) {
      // The text may have contained an escaped `$${`.
      return typeof node.value === 'string' ? parts.map(({ text }) => text).join('') : node.value;
    }
    if (schema?.literal === true) {
      this.unknown.add(toPointer(path));
      this.#report(path, node.range, {
        code: 'REFERENCE_NOT_ALLOWED',
        message: 'must be the same on every host and cannot be a reference',
        suggestion: 'Write the value into the file.',
      });
      return node.value;
    }
    // Values of unknown fields are reported elsewhere and not resolved.
    if (schema === undefined) return node.value;
    return this.#referring(node, parts, schema, path, allowed !== 'anything');
  }

  #referring(
    node: ScalarNode,
    parts: readonly TemplatePart[],
    schema: SchemaNode,
    path: Path,
    secret: boolean,
  ): JsonValue | undefined {
    const pointer = toPointer(path);
    const host = this.#host;
    let text: string | undefined = '';
    let searchFrom = node.range[0];
    for (const part of parts) {
      const range =
        part.kind === 'literal' ? node.range : this.#rangeOf(part.at.source, searchFrom, node.range);
      if (part.kind !== 'literal') searchFrom = range[1];
      if (host === undefined && part.kind !== 'malformed') {
        text = undefined;
        continue;
      }
      const named = new Set<string>();
      const result = resolvePart(part, host ?? NOWHERE, named);
      for (const file of named) {
        this.files.add(file);
        if (secret) this.secretFiles.add(file);
      }
      if (result.ok) text = text === undefined ? undefined : text + result.text;
      else if (schema.mayBeMissing === true && notThere.has(result.code)) {
        if (!this.missing.has(pointer)) this.missing.set(pointer, this.#sentence(path, result.message));
      } else {
        this.#report(path, range, result);
        text = undefined;
      }
    }
    if (text === undefined) {
      this.unknown.add(pointer);
      return node.value;
    }
    if (this.missing.has(pointer)) return undefined;
    if (secret && text === '') {
      this.missing.set(pointer, this.#sentence(path, `refers to ${node.value}, which is empty`));
      return undefined;
    }
    this.references.set(pointer, absoluteTemplate(parts, host ?? NOWHERE));
    if (schema.field !== undefined && !spacesCount.has(schema.field.is)) text = text.trim();
    return schema.type === 'integer' && /^-?[0-9]{1,15}$/.test(text) ? Number(text) : text;
  }

  /** Returns the range of a reference; the whole scalar if escapes or folding hide it. */
  #rangeOf(source: string, from: number, scalar: Range): Range {
    const start = this.#text.indexOf(source, from);
    return start === -1 || start + source.length > scalar[1] ? scalar : [start, start + source.length];
  }

  #report(path: Path, range: Range, { code, message, suggestion }: ReferenceProblem): void {
    this.findings.push({ code, range, path, message: this.#sentence(path, message), suggestion });
  }

  #sentence(path: Path, message: string): string {
    return `\`${pathWords(this.#root, path)}\` ${message}.`;
  }
}

/** Kinds of fields in which spaces at either end can be meant. */
const spacesCount: ReadonlySet<string> = new Set(['text', 'path', 'secret']);

/** Failures that are expected on a host that no longer needs the referenced secret. */
const notThere: ReadonlySet<ConfigProblemCode> = new Set(['ENVIRONMENT_MISSING', 'REFERENCED_FILE_MISSING']);

/** Used to find malformed references without a host. */
const NOWHERE: ReferenceHost = {
  environment: {},
  readFile: () => '',
  directory: undefined,
};
