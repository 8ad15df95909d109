/**
 * Names of protocols as TLS transmits them (RFC 7301 section 3.1), for `ALPNProtocols` of one socket. Of a list, and of a Buffer, Node
 * makes a copy for each socket in the slab that small buffers share, and 64 KiB stay as long as the socket does.
 */
export function alpnProtocols(names: readonly string[]): DataView {
  const bytes = names.flatMap((name) => [name.length, ...Buffer.from(name, 'latin1')]);
  return new DataView(Uint8Array.from(bytes).buffer);
}
