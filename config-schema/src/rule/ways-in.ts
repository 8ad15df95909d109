import type { IngressKind } from '../ingress.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

export const ingressKinds = ['tcp', 'sni', 'socks5', 'httpConnect'] as const satisfies readonly IngressKind[];

export type WayInView = { readonly connection: Path; readonly path: Path; readonly kind: IngressKind };

/** Every ingress of the file that is of one kind, with the connection it belongs to. */
export function waysIn(view: FileView): readonly WayInView[] {
  return view.items(['connections']).flatMap((connection) =>
    view.items([...connection, 'ingress']).flatMap((path) => {
      const [kind, ...more] = ingressKinds.filter((key) => view.has([...path, key]));
      return kind === undefined || more.length > 0 ? [] : [{ connection, path, kind }];
    }),
  );
}

/** Where an ingress says its address. */
export function listenPath(path: Path, kind: IngressKind): Path {
  return kind === 'tcp' ? [...path, 'tcp'] : [...path, kind, 'listen'];
}
