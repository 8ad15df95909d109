import type { HostPort } from '../agent-config.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

const EVERYWHERE = new Set(['0.0.0.0', '::']);

/** No two listeners of a gateway want the same port of the same address. */
export function checkListenConflicts(view: FileView): void {
  const earlier = new Map<number, { readonly address: HostPort; readonly path: Path }[]>();
  for (const path of listeners(view)) {
    const address = view.read('listen', path);
    // Port 0 is a free port, another one each time.
    if (address === undefined || address.port === 0) continue;
    const samePort = earlier.get(address.port) ?? [];
    const other = samePort.find((listener) => overlap(listener.address, address));
    if (other !== undefined) {
      const what = `wants the address of ${view.words(other.path)}`;
      view.report('ADDRESS_CONFLICT', path, what, 'Give each its own port or its own address.');
    }
    earlier.set(address.port, [...samePort, { address, path }]);
  }
}

function listeners(view: FileView): readonly Path[] {
  const ingress = view
    .items(['connections'])
    .flatMap((connection) => view.items([...connection, 'ingress']))
    .map((item) => [...item, 'tcp']);
  return [['listen', 'tunnel'], ['listen', 'admin'], ...ingress];
}

function overlap(one: HostPort, other: HostPort): boolean {
  return one.host === other.host || EVERYWHERE.has(one.host) || EVERYWHERE.has(other.host);
}
