import { resetSocket } from '@penstock/transport';
import type { TunnelError } from '@penstock/wire';
import { clientError, deniedError } from '../client-errors/client-error.ts';
import type { ReportedClient } from '../client-errors/reported-client.ts';
import type { CreateHandler } from '../ingress-handler.ts';
import { withReader } from './accepted-socket.ts';

/** Handles the clients of a TCP port, which belongs to one connection. */
export const createTcpHandler: CreateHandler<'tcp'> = (services, bindings) => {
  const { serve, denied, kindOf, errorReports } = services;
  const isSilent = () => bindings()[0]?.connection.clientErrors === 'reset';

  const report = (client: ReportedClient, connection: string, error: TunnelError) => {
    if (isSilent() || error.code === 'CLIENT_GONE') resetSocket(client.socket);
    else errorReports.report(client, kindOf(connection), clientError(error.code, connection));
  };

  return {
    handle({ socket: accepted, source, release }) {
      // Bytes that arrived together with a PROXY header are in the socket's own buffer, which a SocketReader bypasses.
      const { socket, reader } = accepted.readableDidRead
        ? { socket: accepted, reader: undefined }
        : withReader(accepted);
      socket.on('error', () => {}).on('close', release);
      const connection = bindings()[0]?.connection.name ?? '';
      const client: ReportedClient = { socket, reader, source, isEncrypted: false };
      try {
        serve(connection, { socket, reader, source, refuse: (error) => report(client, connection, error) });
      } catch (error) {
        denied(source, error as TunnelError, connection);
        report(client, connection, error as TunnelError);
      }
    },
    refuse({ socket, source }, { code }) {
      const kind = isSilent() ? undefined : kindOf(bindings()[0]?.connection.name ?? '');
      errorReports.report({ socket, source, isEncrypted: false }, kind, deniedError(code));
    },
    close() {},
  };
};
