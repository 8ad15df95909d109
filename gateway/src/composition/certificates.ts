import { createSecureContext } from 'node:tls';
import type { GatewayConfig } from '@penstock/config-schema';
import { loadAdminCertificate, loadServerCertificate } from '@penstock/control-plane';
import { errorText } from '@penstock/wire';
import { type IngressTlsMaterial, ingressTlsMaterial } from '../ingress/tls/ingress-tls.ts';

/** PEM both. */
export type CertificateAndKey = { readonly certificate: string; readonly key: string };

/** With the certificate pins for agent.yaml. */
export type TunnelCertificate = CertificateAndKey & { readonly pins: readonly string[] };

/** What the gateway presents, by the peers that see it. */
export type Certificates = {
  readonly agents: TunnelCertificate;
  readonly clients: IngressTlsMaterial;
  /** Undefined when the admin address does not use TLS. */
  readonly admins: CertificateAndKey | undefined;
  /** Sentences about files that are not needed now and cannot be used. */
  readonly warnings: readonly string[];
};

/** Loads and checks every certificate of a configuration. Throws an Error that names the field of an unusable one. */
export async function loadCertificates(config: GatewayConfig): Promise<Certificates> {
  return usableCertificates(config, await loadServerCertificate(config));
}

/**
 * Loads and checks every certificate of `next`. The certificate that `init` created is not read again while both
 * configurations use it. Throws an Error that names the field of an unusable one.
 */
export async function reloadCertificates(
  { config, certificates }: { readonly config: GatewayConfig; readonly certificates: Certificates },
  next: GatewayConfig,
): Promise<Certificates> {
  const isUnchanged = config.tunnelTls === undefined && next.tunnelTls === undefined;
  return usableCertificates(next, isUnchanged ? certificates.agents : await loadServerCertificate(next));
}

function usableCertificates(
  config: GatewayConfig,
  agents: TunnelCertificate & { readonly warnings?: readonly string[] },
): Certificates {
  const clients = ingressTlsMaterial(config, agents);
  const admins = loadAdminCertificate(config);
  requireUsable(config.tunnelTls === undefined ? 'The certificate that init created' : 'tunnelTls', agents);
  requireUsable('ingressTls', clients, clients.clientCa);
  if (admins !== undefined) requireUsable('adminTls', admins);
  return { agents, clients, admins, warnings: agents.warnings ?? [] };
}

/**
 * Builds a TLS context as the listeners do. OpenSSL rejects some pairs that are valid PEM, for example RSA keys of 1,024
 * bits; a listener must not find that out in the middle of a reload.
 */
function requireUsable(field: string, { certificate, key }: CertificateAndKey, ca?: string): void {
  try {
    createSecureContext({ cert: certificate, key, ...(ca !== undefined && { ca }) });
  } catch (cause) {
    throw new Error(
      `${field} cannot be used for TLS: ${errorText(cause)}. Replace the certificate or its key.`,
      {
        cause,
      },
    );
  }
}
