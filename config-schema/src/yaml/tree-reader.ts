import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml';
import type { Finding } from './finding.ts';
import { shortened } from './path-words.ts';
import type { Entry, Node, Path, Range } from './tree.ts';

/** Far more than a configuration needs, and few enough to be harmless: each alias can double a document. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 40;

type Ranged = { readonly range?: readonly [number, number, number] | null | undefined };

export function rangeOf(node: Ranged | null | undefined): Range {
  return node?.range ? [node.range[0], node.range[1]] : [0, 0];
}

/** Converts a parsed document to a `Node`: expands aliases within bounds and reports duplicate keys. */
export class TreeReader {
  readonly #findings: Finding[];
  readonly #anchors = new Map<string, ParsedNode>();
  #nodes = 0;
  #limited = false;

  constructor(findings: Finding[]) {
    this.#findings = findings;
  }

  read(node: ParsedNode | null, path: Path): Node {
    const range = rangeOf(node);
    const nothing: Node = { kind: 'scalar', value: null, range };
    this.#nodes += 1;
    if (path.length > MAX_DEPTH || this.#nodes > MAX_NODES) {
      this.#limit(range);
      return nothing;
    }
    if (node === null) return nothing;
    if (isAlias(node)) {
      // The parser has reported aliases without an anchor; the limits stop an alias inside its own anchor.
      return this.read(this.#anchors.get(node.source) ?? null, path);
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return { kind: 'mapping', entries: this.#entries(node, path), range };
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.read(item, [...path, index]));
      return { kind: 'sequence', items, range };
    }
    return { kind: 'scalar', value: this.#scalar(node.value, range, path), range };
  }

  #entries(map: YAMLMap.Parsed, path: Path): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const pair of map.items) {
      const key = rangeOf(pair.key);
      const name = isScalar(pair.key) ? keyName(pair.key) : undefined;
      if (name === undefined) {
        this.#report('YAML_SYNTAX', key, path, 'A key must be a plain word.', 'Write `key: value`.');
        continue;
      }
      if (name === '<<') {
        const suggestion =
          'Write the fields out, or repeat a whole value with an anchor (&name) and an alias (*name).';
        this.#report(
          'YAML_SYNTAX',
          key,
          path,
          'Merge keys (`<<`) are not part of YAML 1.2 and not supported.',
          suggestion,
        );
        continue;
      }
      const value = this.read(pair.value, [...path, name]);
      if (entries.has(name)) {
        const suggestion = 'Remove one of them.';
        this.#report(
          'DUPLICATE_KEY',
          key,
          [...path, name],
          `\`${shortened(name)}\` appears twice.`,
          suggestion,
        );
      } else {
        entries.set(name, { key, value: pair.value === null ? { ...value, range: key } : value });
      }
    }
    return entries;
  }

  #scalar(value: unknown, range: Range, path: Path): string | number | boolean | null {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    if (value === null || value === undefined) return null;
    const suggestion = 'Use plain text, numbers, true, or false.';
    this.#report('YAML_SYNTAX', range, path, 'Values of this YAML type are not supported.', suggestion);
    return null;
  }

  #limit(range: Range): void {
    if (this.#limited) return;
    this.#limited = true;
    this.#findings.push({
      code: 'YAML_LIMIT',
      range,
      path: [],
      message: 'Nesting or aliases exceed the limits of a configuration file.',
      suggestion: `Use at most ${MAX_DEPTH} levels, and write values out instead of repeating them with aliases.`,
    });
  }

  #report(code: Finding['code'], range: Range, path: Path, message: string, suggestion: string): void {
    this.#findings.push({ code, range, path, message, suggestion });
  }
}

/** Keys that YAML reads as numbers, true, or null are used as written. */
function keyName(key: { readonly value: unknown; readonly source?: string }): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}
