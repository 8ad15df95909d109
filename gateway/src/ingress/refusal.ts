import { type CloseCode, TunnelError } from '@penstock/wire';

/** A client is not served, and is told so in `words` of its own protocol. */
export class Refusal extends TunnelError {
  readonly reply: Buffer;
  /** The connection that it wanted, where that is known. */
  readonly connection: string | undefined;

  constructor(code: CloseCode, message: string, reply: Buffer, connection?: string) {
    super(code, message);
    this.reply = reply;
    this.connection = connection;
  }
}
