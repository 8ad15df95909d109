import { resetSocket } from '@penstock/transport';
import type { TunnelError } from '@penstock/wire';
import type { CreateHandler } from '../ingress-handler.ts';
import { withReader } from './accepted-socket.ts';

/** Handles the clients of a TCP port, which belongs to one connection. */
export const createTcpHandler: CreateHandler<'tcp'> = ({ serve, denied }, bindings) => ({
  handle({ socket: accepted, source, release }) {
    // Bytes that arrived together with a PROXY header are in the socket's own buffer, which a SocketReader bypasses.
    const { socket, reader } = accepted.readableDidRead
      ? { socket: accepted, reader: undefined }
      : withReader(accepted);
    socket.on('error', () => {}).once('close', release);
    const connection = bindings()[0]?.connection.name ?? '';
    try {
      serve(connection, { socket, reader, source });
    } catch (error) {
      denied(source, error as TunnelError, connection);
      resetSocket(socket);
    }
  },
  close() {},
});
