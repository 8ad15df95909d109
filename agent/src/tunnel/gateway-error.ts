/** Why the gateway could not be reached. Closed: docs/errors.md has a row for each. */
export const gatewayErrorCodes = {
  GATEWAY_UNREACHABLE: 'The gateway cannot be reached.',
  GATEWAY_TIMEOUT: 'The gateway did not answer in time.',
  GATEWAY_TLS_FAILED: 'The TLS handshake with the gateway failed.',
  GATEWAY_PIN_MISMATCH: 'The certificate presented is not pinned.',
  GATEWAY_CERTIFICATE_INVALID: 'The certificate presented is not valid.',
  GATEWAY_PROTOCOL: 'What answers does not speak the tunnel protocol.',
  PROXY_INVALID: 'The proxy setting cannot be used.',
  PROXY_UNREACHABLE: 'The proxy cannot be reached.',
  PROXY_REFUSED: 'The proxy refused to connect to the gateway.',
} as const;

export type GatewayErrorCode = keyof typeof gatewayErrorCodes;

/** The agent could not reach the gateway it trusts. The message is written for the agent's owners. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;

  constructor(code: GatewayErrorCode, detail: string, options?: ErrorOptions) {
    super(`${gatewayErrorCodes[code]} ${detail}`, options);
    this.code = code;
  }

  /** A person has to change something first: try again slowly. */
  get permanent(): boolean {
    return (
      this.code === 'GATEWAY_PIN_MISMATCH' ||
      this.code === 'GATEWAY_CERTIFICATE_INVALID' ||
      this.code === 'PROXY_INVALID'
    );
  }
}
