import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { GatewayConfig } from '@penstock/config-schema';

/** PEM all. */
export type IngressTlsMaterial = {
  readonly certificate: string;
  readonly key: string;
  /** With these, every client must show a certificate that one of them issued. */
  readonly clientCa: string | undefined;
};

/** The certificate of `ingressTls`, or the one that agents see. */
export function ingressTlsMaterial(
  { ingressTls }: Pick<GatewayConfig, 'ingressTls'>,
  otherwise: { readonly certificate: string; readonly key: string },
): IngressTlsMaterial {
  if (ingressTls === undefined) {
    return { certificate: otherwise.certificate, key: otherwise.key, clientCa: undefined };
  }
  const { certificate, key, clientCa } = ingressTls;
  return { certificate, key: key.reveal(), clientCa };
}

/** What the gateway shows to clients, and asks of them, where their TLS ends here. */
export class IngressTls {
  #material: IngressTlsMaterial;
  #context: SecureContext;

  constructor(material: IngressTlsMaterial) {
    this.#material = material;
    this.#context = contextOf(material);
  }

  /** Puts another certificate in force for the handshakes to come. Throws what node:tls says of one it cannot use. */
  replace(material: IngressTlsMaterial): void {
    this.#context = contextOf(material);
    this.#material = material;
  }

  get context(): SecureContext {
    return this.#context;
  }

  /** Whether a client must show a certificate. */
  get requiresClientCertificate(): boolean {
    return this.#material.clientCa !== undefined;
  }
}

function contextOf({ certificate, key, clientCa }: IngressTlsMaterial): SecureContext {
  return createSecureContext({
    cert: certificate,
    key,
    ...(clientCa !== undefined && { ca: clientCa }),
    minVersion: 'TLSv1.2',
    // A resumed session shows no certificate: one that was revoked or has expired meanwhile would still get in.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
}

/**
 * Why the certificate that a client showed is not accepted; undefined when it is. To be asked after the handshake of a
 * socket with `requestCert`, where Node checks the chain and leaves what follows to its own server.
 */
export function clientCertificateProblem(tls: TLSSocket): string | undefined {
  const { _handle: handle } = tls as { _handle?: { verifyError?: () => Error | null | undefined } | null };
  // On a Node that keeps its verdict elsewhere nobody gets in, and a test fails.
  if (handle?.verifyError === undefined) return 'it could not be checked';
  const error = handle.verifyError();
  return error === null || error === undefined ? undefined : error.message;
}
