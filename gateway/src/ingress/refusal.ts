import { type CloseCode, type DenialReason, TunnelError } from '@penstock/wire';

/** A client is not served and is sent `reply`, which reports the reason in its own protocol; without one it is reset. */
export class Refusal extends TunnelError {
  readonly reply: Buffer | undefined;
  /** Name of the connection that the client asked for, if known. */
  readonly connection: string | undefined;
  /** For counting; undefined where the code says enough. */
  readonly reason: DenialReason | undefined;

  constructor(
    code: CloseCode,
    message: string,
    reply: Buffer | undefined,
    connection?: string,
    reason?: DenialReason,
  ) {
    super(code, message);
    this.reply = reply;
    this.connection = connection;
    this.reason = reason;
  }
}
