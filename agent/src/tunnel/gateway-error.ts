/** Why the gateway could not be reached. Closed: docs/errors.md has a row for each. */
export const gatewayErrorCodes = {
  GATEWAY_UNREACHABLE: 'The gateway cannot be reached.',
  GATEWAY_TIMEOUT: 'The gateway did not answer in time.',
  GATEWAY_TLS_FAILED: 'The TLS handshake with the gateway failed.',
  GATEWAY_PIN_MISMATCH: 'The presented certificate does not match a pin.',
  GATEWAY_CERTIFICATE_INVALID: 'The presented certificate is not valid.',
  GATEWAY_PROTOCOL: 'The peer does not speak the tunnel protocol.',
  PROXY_INVALID: 'The proxy setting is not usable.',
  PROXY_UNREACHABLE: 'The proxy cannot be reached.',
  PROXY_REFUSED: 'The proxy refused to connect to the gateway.',
} as const;

export type GatewayErrorCode = keyof typeof gatewayErrorCodes;

/** The agent could not reach the gateway, or does not trust what answered. The message is for the agent's owners. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;

  constructor(code: GatewayErrorCode, detail: string, options?: ErrorOptions) {
    super(`${gatewayErrorCodes[code]} ${detail}`, options);
    this.code = code;
  }

  /** The failure persists until a person changes something, so retries are slow. */
  get isPermanent(): boolean {
    return (
      this.code === 'GATEWAY_PIN_MISMATCH' ||
      this.code === 'GATEWAY_CERTIFICATE_INVALID' ||
      this.code === 'PROXY_INVALID'
    );
  }
}
