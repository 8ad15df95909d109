import type { Socket } from 'node:net';
import type { SocketReader } from '@penstock/transport';
import type { ClientSource } from '../client-source.ts';

/** A client to which nothing from its target has been sent. Its socket must have an error listener. */
export type ReportedClient = {
  /** The TCP socket, or the TLS socket if its TLS ends at the gateway. Not flowing. */
  readonly socket: Socket;
  /** Present if the socket was constructed with it. */
  readonly reader?: SocketReader | undefined;
  readonly source: ClientSource;
  readonly isEncrypted: boolean;
  /** Resets the client, if resetting `socket` itself is not enough. */
  readonly reset?: () => void;
};
