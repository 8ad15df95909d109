import type { HostPort } from '../agent-config.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';
import { listenPath, waysIn } from './ways-in.ts';

const EVERYWHERE = new Set(['0.0.0.0', '::']);

type Listener = {
  readonly path: Path;
  /** Listeners of one group are one port, where they have the same address. */
  readonly group: 'sni' | 'socks5' | 'httpConnect' | undefined;
};
type Placed = Listener & { readonly address: HostPort };

/** No two listeners of a gateway want the same port of the same address, unless they are meant to share it. */
export function checkListenConflicts(view: FileView): void {
  const earlier = new Map<number, Placed[]>();
  for (const listener of listeners(view)) {
    const address = view.read('listen', listener.path);
    // Port 0 is a free port, another one each time.
    if (address === undefined || address.port === 0) continue;
    const placed = { ...listener, address };
    const samePort = earlier.get(address.port) ?? [];
    const other = samePort.find((each) => overlap(each.address, address) && !isShared(each, placed));
    if (other !== undefined) {
      const what = `wants the address of ${view.words(other.path)}`;
      view.report('ADDRESS_CONFLICT', listener.path, what, 'Give each its own port or its own address.');
    }
    earlier.set(address.port, [...samePort, placed]);
  }
}

function listeners(view: FileView): readonly Listener[] {
  const ingress = waysIn(view).map(({ path, kind }) => ({
    path: listenPath(path, kind),
    group: kind === 'tcp' ? undefined : kind,
  }));
  const own = [
    ['listen', 'tunnel'],
    ['listen', 'admin'],
  ].map((path) => ({ path, group: undefined }));
  return [...own, ...ingress];
}

function overlap(one: HostPort, other: HostPort): boolean {
  return one.host === other.host || EVERYWHERE.has(one.host) || EVERYWHERE.has(other.host);
}

function isShared(one: Placed, other: Placed): boolean {
  return one.group !== undefined && one.group === other.group && one.address.host === other.address.host;
}
