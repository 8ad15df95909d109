/** Offsets into the text, the end not included. */
export type Range = readonly [start: number, end: number];

export type ScalarNode = {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly range: Range;
};
export type SequenceNode = {
  readonly kind: 'sequence';
  readonly items: readonly Node[];
  readonly range: Range;
};
export type Entry = { readonly key: Range; readonly value: Node };
export type MappingNode = {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly range: Range;
};

/** A YAML document as plain values, each with its place in the text; aliases are expanded. */
export type Node = ScalarNode | SequenceNode | MappingNode;

/** Keys and positions that lead from the root to a node. */
export type Path = readonly (string | number)[];

export function child(node: Node | undefined, step: string | number): Node | undefined {
  if (node?.kind === 'mapping') return node.entries.get(String(step))?.value;
  if (node?.kind === 'sequence') return node.items[Number(step)];
  return undefined;
}

/** The node at `path`, or undefined where the text has none. */
export function nodeAt(root: Node, path: Path): Node | undefined {
  return path.reduce<Node | undefined>(child, root);
}

/** Where to point for the thing at `path`: its value, or for a mapping or list the key that owns it. */
export function rangeAt(root: Node, path: Path): Range {
  const node = nodeAt(root, path);
  if (node?.kind === 'scalar') return node.range;
  const owner = nodeAt(root, path.slice(0, -1));
  if (owner?.kind === 'mapping') return owner.entries.get(String(path.at(-1)))?.key ?? owner.range;
  return node?.range ?? root.range;
}

/** The key of the entry at `path`; the thing itself where it is no entry. */
export function keyRangeAt(root: Node, path: Path): Range {
  const owner = nodeAt(root, path.slice(0, -1));
  const entry = owner?.kind === 'mapping' ? owner.entries.get(String(path.at(-1))) : undefined;
  return entry?.key ?? rangeAt(root, path);
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Plain values, as the text has them. Mappings have no prototype, so that no key means anything special. */
export function plain(node: Node): JsonValue {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') return node.items.map(plain);
  const result: Record<string, JsonValue> = Object.create(null);
  for (const [key, { value }] of node.entries) result[key] = plain(value);
  return result;
}
