import { resetSocket } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { CreateHandler } from '../ingress-handler.ts';
import { withReader } from './accepted-socket.ts';

/** The clients of a TCP port, which all belong to one connection. */
export const createTcpHandler: CreateHandler<'tcp'> = ({ serve, denied }, bindings) => ({
  take({ socket: accepted, source, release }) {
    // What came along with a load balancer's header is in the socket's own buffer, where a reader would miss it.
    const { socket, reader } = accepted.readableDidRead
      ? { socket: accepted, reader: undefined }
      : withReader(accepted);
    socket.on('error', () => {}).once('close', release);
    const connection = bindings()[0]?.connection.name ?? '';
    if (serve(connection, { socket, reader, source })) return;
    denied(source, new TunnelError('LIMIT_EXCEEDED', 'The connection has its maxConnections.'), connection);
    resetSocket(socket);
  },
  close() {},
});
