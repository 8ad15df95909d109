import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

/**
 * Checks that names are unique in each list of named items, whatever their case: clients of a forward proxy request a
 * connection in any case, and people do not see the difference in a list.
 */
export function checkUniqueNames(view: FileView): void {
  for (const [key, schema] of Object.entries(view.schema.properties ?? {})) {
    if (schema.named !== true) continue;
    const first = new Map<string, { readonly name: string; readonly path: Path }>();
    for (const item of view.items([key])) {
      const path = [...item, 'name'];
      const name = view.text(path);
      if (name === undefined) continue;
      const earlier = first.get(name.toLowerCase());
      if (earlier === undefined) {
        first.set(name.toLowerCase(), { name, path });
        continue;
      }
      const places = `#${Number(earlier.path[1]) + 1} and #${Number(path[1]) + 1} of \`${key}\``;
      const what =
        earlier.name === name
          ? `is used twice, by ${places}`
          : `differs only in case from \`${earlier.name}\`: ${places}`;
      view.report('DUPLICATE_NAME', path, what, 'Rename one of them.');
    }
  }
}
