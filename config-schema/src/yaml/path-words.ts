import { child, type Node, type Path } from './tree.ts';

/**
 * Formats a path for people: items with a name by their name, others by their position in the list, counted
 * from 1: `connectors[orders-db].address`, `gateway.pins[#2]`.
 */
export function pathWords(root: Node | undefined, path: Path): string {
  let words = '';
  let node = root;
  for (const step of path) {
    const next = node === undefined ? undefined : child(node, step);
    if (typeof step === 'number') words += `[${nameOf(next) ?? `#${step + 1}`}]`;
    else words += words === '' ? shortened(step) : `.${shortened(step)}`;
    node = next;
  }
  return words;
}

function nameOf(node: Node | undefined): string | undefined {
  const name = child(node, 'name');
  return name?.kind === 'scalar' && typeof name.value === 'string' && name.value !== ''
    ? shortened(name.value)
    : undefined;
}

/** Shortens keys and names for messages, because a hostile file could have one with a million characters. */
export function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
