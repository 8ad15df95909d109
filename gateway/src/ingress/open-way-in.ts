import { openTcpIngress } from './tcp.ts';
import type { OpenWayIn, WayIn, WayInPorts } from './way-in.ts';

/** Opens a listener with what its kind asks for. Throws what listening throws. */
export async function openWayIn(wayIn: WayIn, ports: WayInPorts): Promise<OpenWayIn> {
  if (wayIn.kind === 'tcp') return openTcpIngress(wayIn, ports);
  throw new Error(`This release does not serve ${wayIn.kind} yet.`);
}
