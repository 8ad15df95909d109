import type { CloseCode, GatewayMessageOf } from '@penstock/wire';

/** The gateway answered `hello` with `refused`. The message is the gateway's, for people. */
export class SessionRefused extends Error {
  override readonly name = 'SessionRefused';
  readonly code: CloseCode;
  /** The same may go well later, without anybody changing anything. */
  readonly retryable: boolean;

  constructor({ code, detail, retryable }: GatewayMessageOf<'refused'>) {
    super(detail);
    this.code = code;
    this.retryable = retryable;
  }
}
