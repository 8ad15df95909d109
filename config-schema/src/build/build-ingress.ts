import type { Ingress } from '../ingress.ts';
import type { GatewayFile } from '../schema/gateway-file.ts';
import { fieldValue } from './field-value.ts';

type IngressFields = GatewayFile['connections'][number]['ingress'][number];

/** Builds one ingress with the defaults of its kind. Throws TypeError if the rules did not check the fields: a bug. */
export function buildIngress(fields: IngressFields): Ingress {
  const { tcp, sni, socks5, httpConnect, allow, proxyProtocol, grant = 'required' } = fields;
  const common = (listen: string) => ({ listen: fieldValue('listen', listen), allow, proxyProtocol });
  if (tcp !== undefined) return { kind: 'tcp', ...common(tcp) };
  if (sni !== undefined) {
    const host = fieldValue('serverName', sni.host);
    return { kind: 'sni', ...common(sni.listen), host, mode: fields.mode ?? 'passthrough' };
  }
  if (socks5 !== undefined) return { kind: 'socks5', ...common(socks5.listen), grant };
  if (httpConnect === undefined) throw new TypeError('An ingress without a kind was accepted.');
  return { kind: 'httpConnect', ...common(httpConnect.listen), grant, tls: fields.tls ?? 'on' };
}
