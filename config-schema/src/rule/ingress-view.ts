import type { IngressKind } from '../ingress.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

export const ingressKinds = ['tcp', 'sni', 'socks5', 'httpConnect'] as const satisfies readonly IngressKind[];

/** One ingress of the file, with the path of the connection it belongs to. */
export type IngressView = { readonly connection: Path; readonly path: Path; readonly kind: IngressKind };

/** Returns every ingress of the file that has exactly one kind. */
export function ingressOf(view: FileView): readonly IngressView[] {
  return view.items(['connections']).flatMap((connection) =>
    view.items([...connection, 'ingress']).flatMap((path) => {
      const [kind, ...more] = ingressKinds.filter((key) => view.has([...path, key]));
      return kind === undefined || more.length > 0 ? [] : [{ connection, path, kind }];
    }),
  );
}

/** Returns the path of the field that holds the address of an ingress. */
export function listenPath(path: Path, kind: IngressKind): Path {
  return kind === 'tcp' ? [...path, 'tcp'] : [...path, kind, 'listen'];
}
