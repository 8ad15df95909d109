import type { FieldKindName, fieldKinds } from '../field/field-kind.ts';
import type { SchemaNode } from '../schema/schema-node.ts';
import { readField } from '../schema/validator.ts';
import type { Finding } from '../yaml/finding.ts';
import { pathWords } from '../yaml/path-words.ts';
import { toPointer } from '../yaml/pointer.ts';
import { type Node, type Path, rangeAt } from '../yaml/tree.ts';

type ValueOf<Kind extends FieldKindName> = Extract<
  ReturnType<(typeof fieldKinds)[Kind]['parse']>,
  { readonly ok: true }
>['value'];

/**
 * A view of a file for rules that compare its fields. Any part may be invalid or unknown; values that cannot be read
 * are undefined, because they are reported elsewhere.
 */
export class FileView {
  readonly findings: Finding[] = [];
  readonly root: Node;
  readonly schema: SchemaNode;
  readonly #data: unknown;
  readonly #unknown: ReadonlySet<string>;

  constructor(root: Node, schema: SchemaNode, data: unknown, unknown: ReadonlySet<string>) {
    this.root = root;
    this.schema = schema;
    this.#data = data;
    this.#unknown = unknown;
  }

  /** Returns the paths of the items of a list. */
  items(path: Path): readonly Path[] {
    const value = this.#value(path);
    return Array.isArray(value) ? value.map((_, index) => [...path, index]) : [];
  }

  /** Returns whether the file has a value at `path`. */
  has(path: Path): boolean {
    return this.#value(path) !== undefined;
  }

  /** Returns the text at `path` if its value is known. */
  text(path: Path): string | undefined {
    const value = this.#value(path);
    return typeof value === 'string' && !this.#unknown.has(toPointer(path)) ? value : undefined;
  }

  /** Returns the text at `path`, parsed as a field of this kind. */
  read<Kind extends FieldKindName>(kind: Kind, path: Path): ValueOf<Kind> | undefined {
    const text = this.text(path);
    if (text === undefined) return undefined;
    const result = readField({ is: kind }, text);
    return result.ok ? (result.value as ValueOf<Kind>) : undefined;
  }

  /** Reports the value at `path`; `message` continues the sentence after its path. */
  report(code: Finding['code'], path: Path, message: string, suggestion: string): void {
    const words = pathWords(this.root, path);
    this.findings.push({
      code,
      range: rangeAt(this.root, path),
      path,
      message: `\`${words}\` ${message}.`,
      suggestion,
    });
  }

  words(path: Path): string {
    return `\`${pathWords(this.root, path)}\``;
  }

  #value(path: Path): unknown {
    let value = this.#data;
    for (const step of path) {
      if (typeof value !== 'object' || value === null) return undefined;
      value = Reflect.get(value, step);
    }
    return value;
  }
}
