import type { CloseCode, GatewayMessageOf } from '@penstock/wire';

/** The gateway answered `hello` with `refused`. The message is the gateway's detail, for people. */
export class SessionRefused extends Error {
  override readonly name = 'SessionRefused';
  readonly code: CloseCode;
  /** Whether the same attempt may succeed later without any change. */
  readonly isRetryable: boolean;

  constructor({ code, detail, retryable }: GatewayMessageOf<'refused'>) {
    super(detail);
    this.code = code;
    this.isRetryable = retryable;
  }
}
