import { type CloseCode, closeCodes, type Retry } from './close-code.ts';

/** The one error of the data path. `detail` is for people and never decides anything. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  readonly code: CloseCode;

  constructor(code: CloseCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? closeCodes[code].sentence, options);
    this.code = code;
  }

  get retry(): Retry {
    return closeCodes[this.code].retry;
  }
}
