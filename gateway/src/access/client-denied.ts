import { type CloseCode, type DenialReason, TunnelError } from '@penstock/wire';

/** A client that is denied, with the reason for counting. */
export class ClientDenied extends TunnelError {
  readonly reason: DenialReason;

  constructor(reason: DenialReason, detail: string, code: CloseCode = 'CLIENT_DENIED') {
    super(code, detail);
    this.reason = reason;
  }
}

const reasonOfCode: Partial<Record<CloseCode, DenialReason>> = {
  CLIENT_DENIED: 'connection-unknown',
  NO_AGENT: 'no-agent',
  LIMIT_EXCEEDED: 'limit',
  PROTOCOL_ERROR: 'protocol',
  CLIENT_GONE: 'disconnected',
};

/** The reason of a denial: the one that the error itself has, or the one that its code implies. */
export function denialReasonOf(
  error: TunnelError & { readonly reason?: DenialReason | undefined },
): DenialReason {
  return error.reason ?? reasonOfCode[error.code] ?? 'other';
}
