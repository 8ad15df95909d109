/** Offsets into the text; the end is exclusive. */
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

/** A YAML document as plain values, each with its range in the text; aliases are expanded. */
export type Node = ScalarNode | SequenceNode | MappingNode;

/** Keys and positions that lead from the root to a node. */
export type Path = readonly (string | number)[];

export function child(node: Node | undefined, step: string | number): Node | undefined {
  if (node?.kind === 'mapping') return node.entries.get(String(step))?.value;
  if (node?.kind === 'sequence') return node.items[Number(step)];
  return undefined;
}

/** Returns the node at `path`, or undefined if the text has none. */
export function nodeAt(root: Node, path: Path): Node | undefined {
  return path.reduce<Node | undefined>(child, root);
}

/** Returns the range to mark for the node at `path`: a scalar's value, or the key of a mapping or list. */
export function rangeAt(root: Node, path: Path): Range {
  const node = nodeAt(root, path);
  if (node?.kind === 'scalar') return node.range;
  const owner = nodeAt(root, path.slice(0, -1));
  if (owner?.kind === 'mapping') return owner.entries.get(String(path.at(-1)))?.key ?? owner.range;
  return node?.range ?? root.range;
}

/** Returns the range of the key at `path`; the range of the node itself if it is not the entry of a mapping. */
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

/** Converts a node to plain values. Mappings have no prototype, so no key has a special meaning. */
export function plain(node: Node): JsonValue {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') return node.items.map(plain);
  const result: Record<string, JsonValue> = Object.create(null);
  for (const [key, { value }] of node.entries) result[key] = plain(value);
  return result;
}
