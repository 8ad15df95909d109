import ipaddr from 'ipaddr.js';

/** Version of the PROXY protocol (proxy-protocol.txt of HAProxy), which reports the client's address to a target. */
export type ProxyVersion = 'v1' | 'v2';

export type Endpoint = { readonly address: string; readonly port: number };

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const PROXY = 0x21;
const LOCAL = 0x20;
const TCP4 = 0x11;
const TCP6 = 0x21;

/**
 * The header to send before the client's first byte. `to` is the target's address as dialed. Without a client address, the
 * header declares it unknown, and the target uses the agent's address.
 */
export function proxyHeader(version: ProxyVersion, from: Endpoint | undefined, to: Endpoint): Buffer {
  if (from === undefined || !ipaddr.isValid(from.address) || !ipaddr.isValid(to.address)) {
    return version === 'v1'
      ? Buffer.from('PROXY UNKNOWN\r\n')
      : Buffer.concat([SIGNATURE, Buffer.from([LOCAL, 0, 0, 0])]);
  }
  const [source, target] = sameFamily(ipaddr.process(from.address), ipaddr.process(to.address));
  const isIpv4 = source.kind() === 'ipv4';
  if (version === 'v1') {
    const family = isIpv4 ? 'TCP4' : 'TCP6';
    return Buffer.from(`PROXY ${family} ${source} ${target} ${from.port} ${to.port}\r\n`);
  }
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(from.port, 0);
  ports.writeUInt16BE(to.port, 2);
  const addresses = Buffer.concat([
    Buffer.from(source.toByteArray()),
    Buffer.from(target.toByteArray()),
    ports,
  ]);
  const head = Buffer.from([PROXY, isIpv4 ? TCP4 : TCP6, 0, addresses.length]);
  return Buffer.concat([SIGNATURE, head, addresses]);
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Converts both to one address family, because a header has only one: IPv4 is mapped into IPv6. */
function sameFamily(one: Address, other: Address): [Address, Address] {
  const mapped = (each: Address) => (each instanceof ipaddr.IPv4 ? each.toIPv4MappedAddress() : each);
  return one.kind() === other.kind() ? [one, other] : [mapped(one), mapped(other)];
}
