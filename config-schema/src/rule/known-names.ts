import type { ConfigProblemCode } from '../problem.ts';
import { suggest } from '../suggestion.ts';
import type { FileView } from './file-view.ts';

/** Checks that connections and freezes name pools, pools windows, and alerts receivers, that the file defines. */
export function checkKnownNames(view: FileView): void {
  checkList(view, 'connections', 'pools', 'pools', 'UNKNOWN_POOL');
  checkList(view, 'freezes', 'pools', 'pools', 'UNKNOWN_POOL');
  checkList(view, 'pools', 'upgrade.window', 'windows', 'UNKNOWN_WINDOW');
  checkList(view, 'alerts', 'receivers', 'receivers', 'UNKNOWN_RECEIVER');
}

function checkList(
  view: FileView,
  owner: string,
  field: string,
  target: string,
  code: ConfigProblemCode,
): void {
  const names = view.items([target]).map((item) => view.text([...item, 'name']));
  // A name that is not known could be the one that is referenced.
  if (names.includes(undefined)) return;
  const known = names.filter((name) => name !== undefined);
  for (const item of view.items([owner])) {
    const place = [...item, ...field.split('.')];
    for (const path of view.text(place) === undefined ? view.items(place) : [place]) {
      const name = view.text(path);
      if (name === undefined || known.includes(name)) continue;
      const near = suggest(name, known);
      const choice = known.length === 0 ? `\`${target}\` is empty.` : `Possible values: ${known.join(', ')}.`;
      view.report(
        code,
        path,
        `is not defined in \`${target}\``,
        near === undefined ? choice : `Did you mean \`${near}\`?`,
      );
    }
  }
}
