import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { GatewayConfig } from '@penstock/config-schema';

/** Everything in PEM. */
export type IngressTlsMaterial = {
  readonly certificate: string;
  readonly key: string;
  /** If present, every client must present a certificate issued by one of these authorities. */
  readonly clientCa: string | undefined;
};

/** The certificate of `ingressTls`, or `fallback`, the one presented to agents. */
export function ingressTlsMaterial(
  { ingressTls }: Pick<GatewayConfig, 'ingressTls'>,
  fallback: { readonly certificate: string; readonly key: string },
): IngressTlsMaterial {
  if (ingressTls === undefined) {
    return { certificate: fallback.certificate, key: fallback.key, clientCa: undefined };
  }
  const { certificate, key, clientCa } = ingressTls;
  return { certificate, key: key.reveal(), clientCa };
}

/** The TLS configuration for clients whose TLS the gateway terminates. */
export class IngressTls {
  #material: IngressTlsMaterial;
  #context: SecureContext;
  #contextOfTls12: SecureContext | undefined;

  /** Throws what node:tls throws for an unusable certificate or key. */
  constructor(material: IngressTlsMaterial) {
    this.#material = material;
    this.#context = contextOf(material);
  }

  /** Replaces the certificate for future handshakes. Throws what node:tls throws for an unusable one. */
  replace(material: IngressTlsMaterial): void {
    this.#context = contextOf(material);
    this.#contextOfTls12 = undefined;
    this.#material = material;
  }

  get context(): SecureContext {
    return this.#context;
  }

  /** For protocols that cannot carry TLS 1.3. */
  get contextOfTls12(): SecureContext {
    this.#contextOfTls12 ??= contextOf(this.#material, 'TLSv1.2');
    return this.#contextOfTls12;
  }

  get requiresClientCertificate(): boolean {
    return this.#material.clientCa !== undefined;
  }
}

function contextOf(
  { certificate, key, clientCa }: IngressTlsMaterial,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): SecureContext {
  return createSecureContext({
    cert: certificate,
    key,
    ...(clientCa !== undefined && { ca: clientCa }),
    minVersion: 'TLSv1.2',
    maxVersion,
    // A resumed session presents no certificate, so one that has expired or was revoked would still be accepted.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
}
