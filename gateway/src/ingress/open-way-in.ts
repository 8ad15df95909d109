import type { IngressKind } from '@penstock/config-schema';
import { handleHttpConnect } from './http-connect/http-connect.ts';
import { openListener } from './listener.ts';
import { handleSni } from './sni/sni.ts';
import { handleSocks5 } from './socks5/socks5.ts';
import { handleTcp } from './tcp/tcp.ts';
import {
  addressText,
  type HandleClients,
  type OpenWayIn,
  type Way,
  type WayIn,
  type WayInPorts,
} from './way-in.ts';

/** Opens a listener with what its kind does with clients. Throws what listening throws. */
export function openWayIn(wayIn: WayIn, ports: WayInPorts): Promise<OpenWayIn> {
  const ingress = addressText(wayIn.listen);
  const denied: WayInPorts['denied'] = (source, error, connection) =>
    ports.denied(source, error, connection, ingress);
  const own = { ...ports, denied };
  const open = <Kind extends IngressKind>(kind: Kind, handle: HandleClients<Kind>) =>
    openListener(wayIn, own, (ways) => handle(own, () => waysOf(kind, ways())));
  switch (wayIn.kind) {
    case 'tcp':
      return open(wayIn.kind, handleTcp);
    case 'sni':
      return open(wayIn.kind, handleSni);
    case 'socks5':
      return open(wayIn.kind, handleSocks5);
    case 'httpConnect':
      return open(wayIn.kind, handleHttpConnect);
  }
}

/** The ways of a listener are all of its kind. */
function waysOf<Kind extends IngressKind>(kind: Kind, ways: readonly Way[]): readonly Way<Kind>[] {
  return ways.filter((way): way is Way & Way<Kind> => way.ingress.kind === kind);
}
