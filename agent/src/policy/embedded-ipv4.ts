import ipaddr from 'ipaddr.js';

/** Where an IPv6 address may hold an IPv4 address, and its prefix in hexadecimal. Byte offsets in network order. */
type Format = {
  readonly prefix: string;
  /** The bytes of the IPv4 address. */
  readonly at: readonly [number, number, number, number];
  /** All bits are inverted. */
  readonly inverted?: true;
  /** The bytes after the IPv4 address are zero. Tells the formats of one prefix apart. */
  readonly zeroAfter?: number;
};

const LAST = [12, 13, 14, 15] as const;

const formats: readonly Format[] = [
  // IPv4-compatible and IPv4-mapped (RFC 4291 section 2.5.5), and IPv4-translated (RFC 2765 section 2.1).
  { prefix: '000000000000000000000000', at: LAST },
  { prefix: '00000000000000000000ffff', at: LAST },
  { prefix: '0000000000000000ffff0000', at: LAST },
  // NAT64: the well-known prefix (RFC 6052 section 2.1), and the one for local use in any of its lengths (RFC 8215).
  { prefix: '0064ff9b0000000000000000', at: LAST },
  { prefix: '0064ff9b0001', at: [6, 7, 9, 10], zeroAfter: 11 },
  { prefix: '0064ff9b0001', at: [7, 9, 10, 11], zeroAfter: 12 },
  { prefix: '0064ff9b0001', at: [9, 10, 11, 12], zeroAfter: 13 },
  { prefix: '0064ff9b0001', at: LAST },
  // 6to4 (RFC 3056 section 2).
  { prefix: '2002', at: [2, 3, 4, 5] },
  // Teredo: the server, and the client behind it (RFC 4380 section 4).
  { prefix: '20010000', at: [4, 5, 6, 7] },
  { prefix: '20010000', at: LAST, inverted: true },
];

/** Interface identifiers of ISATAP, in bytes 8 to 11 (RFC 5214 section 6.1). */
const ISATAP: ReadonlySet<string> = new Set(['00005efe', '02005efe']);

/**
 * The IPv4 addresses to which a translator or tunnel would carry packets for an IPv6 address. Empty for IPv4 addresses, and for
 * text that is not an address. Use it to deny, never to allow: nothing proves that such a translator exists.
 */
export function embeddedIpv4(address: string): readonly string[] {
  if (!ipaddr.IPv6.isValid(address)) return [];
  const bytes = ipaddr.IPv6.parse(address).toByteArray();
  const hex = Buffer.from(bytes).toString('hex');
  const found = new Set<string>();
  for (const { prefix, at, inverted, zeroAfter = bytes.length } of formats) {
    if (!hex.startsWith(prefix) || bytes.slice(zeroAfter).some((byte) => byte !== 0)) continue;
    found.add(at.map((index) => (bytes[index] ?? 0) ^ (inverted ? 0xff : 0)).join('.'));
  }
  if (ISATAP.has(hex.slice(16, 24))) found.add(bytes.slice(12).join('.'));
  // Nothing leads to 0.0.0.0/8 (RFC 1122 section 3.2.1.3): these are :: and ::1, and other formats of the same prefix.
  return [...found].filter((each) => !each.startsWith('0.'));
}
