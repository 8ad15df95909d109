import type { HostPort } from '../agent-config.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';
import { ingressOf, listenPath } from './ingress-view.ts';

const EVERYWHERE = new Set(['0.0.0.0', '::']);

type Listener = {
  readonly path: Path;
  /** Listeners of one group that have the same address share one port. */
  readonly group: 'sni' | 'socks5' | 'httpConnect' | undefined;
};
type Placed = Listener & { readonly address: HostPort };

/** Checks that no two listeners use the same port of the same address, unless they share it by design. */
export function checkListenConflicts(view: FileView): void {
  const earlier = new Map<number, Placed[]>();
  for (const listener of listeners(view)) {
    const address = view.read('listen', listener.path);
    // Port 0 is a different free port each time.
    if (address === undefined || address.port === 0) continue;
    const placed = { ...listener, address };
    const samePort = earlier.get(address.port) ?? [];
    const other = samePort.find((each) => overlap(each.address, address) && !isShared(each, placed));
    if (other !== undefined) {
      const what = `has the same address as ${view.words(other.path)}`;
      view.report('ADDRESS_CONFLICT', listener.path, what, 'Use a different port or address for each.');
    }
    earlier.set(address.port, [...samePort, placed]);
  }
}

function listeners(view: FileView): readonly Listener[] {
  const ingress = ingressOf(view).map(({ path, kind }) => ({
    path: listenPath(path, kind),
    group: kind === 'tcp' ? undefined : kind,
  }));
  const own = [
    ['listen', 'tunnel'],
    ['listen', 'admin'],
    ['cluster', 'listen'],
  ].map((path) => ({ path, group: undefined }));
  return [...own, ...ingress];
}

function overlap(one: HostPort, other: HostPort): boolean {
  return one.host === other.host || EVERYWHERE.has(one.host) || EVERYWHERE.has(other.host);
}

function isShared(one: Placed, other: Placed): boolean {
  return one.group !== undefined && one.group === other.group && one.address.host === other.address.host;
}
