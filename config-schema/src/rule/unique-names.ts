import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

/** Checks that names are unique in each list of named items. */
export function checkUniqueNames(view: FileView): void {
  for (const [key, schema] of Object.entries(view.schema.properties ?? {})) {
    if (schema.named !== true) continue;
    const first = new Map<string, Path>();
    for (const item of view.items([key])) {
      const path = [...item, 'name'];
      const name = view.text(path);
      if (name === undefined) continue;
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, path);
      else {
        const places = `#${Number(earlier[1]) + 1} and #${Number(path[1]) + 1} of \`${key}\``;
        view.report('DUPLICATE_NAME', path, `is used twice, by ${places}`, 'Rename one of them.');
      }
    }
  }
}
