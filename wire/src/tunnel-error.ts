import { type CloseCode, closeCodes, type Retry } from './close-code.ts';

/** The only error type of the data path. `detail` is for people; decisions depend on `code` alone. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  readonly code: CloseCode;

  constructor(code: CloseCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? closeCodes[code].message, options);
    this.code = code;
  }

  get retry(): Retry {
    return closeCodes[this.code].retry;
  }
}
