import type { Socket } from 'node:net';

/**
 * The file descriptor of a socket, also of one with TLS. Node has it only in the internal handle (`_handle.fd`). Undefined on a Node without
 * it, on Windows, for a socket that is not the operating system's, and once it is closed.
 */
export function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { fd?: number } | null };
  const fd = handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
}
