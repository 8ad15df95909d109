import { createPrivateKey, X509Certificate as NodeCertificate } from 'node:crypto';
import { type AgentIdentity, agentUri, readAgentIdentity } from '@penstock/wire';
import type { CertificateRequest } from './certificate-request.ts';
import { IdentityFileError } from './identity-file-error.ts';
import { P256_SHA256, readKey } from './p256.ts';
import { randomSerial } from './random-serial.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from './x509.ts';

/** Certificates are backdated by this time, for agents and other replicas whose clock is slow. */
const BACKDATE_MS = 60 * 60_000;

export type IssuedCertificate = {
  readonly identity: AgentIdentity;
  /** PEM: the leaf certificate, then the CA. */
  readonly chain: string;
};

/** The agent CA. It signs certificates of agents only. */
export class Authority {
  /** PEM of the CA certificate, against which the tunnel port verifies client certificates. */
  readonly caPem: string;
  readonly #certificate: X509Certificate;
  readonly #signingKey: CryptoKey;

  /** Throws IdentityFileError if either is damaged, or the key does not belong to the certificate. */
  constructor(certificatePem: string, keyPem: string) {
    try {
      this.#signingKey = readKey(keyPem).keys.privateKey;
      this.#certificate = new X509Certificate(certificatePem);
      const certificate = new NodeCertificate(certificatePem);
      // The first certificate of the text alone: whatever follows it must not be trusted to issue agents.
      this.caPem = certificate.toString();
      if (certificate.checkPrivateKey(createPrivateKey(keyPem))) return;
    } catch (cause) {
      throw new IdentityFileError('The agent CA is damaged. Restore its files from a backup.', { cause });
    }
    throw new IdentityFileError(
      'The key of the agent CA does not belong to its certificate. Restore both files from the same backup.',
    );
  }

  /**
   * Signs a certificate for TLS client authentication. It is valid for `lifetime` milliseconds, but never longer than the
   * CA. Only the key of the request is used.
   */
  async issue(
    request: CertificateRequest,
    agent: Pick<AgentIdentity, 'agentId' | 'name' | 'pool' | 'organization'>,
    lifetime: number,
    now: number,
  ): Promise<IssuedCertificate> {
    const notAfter = Math.min(now + lifetime, this.#certificate.notAfter.getTime());
    const certificate = await X509CertificateGenerator.create({
      serialNumber: randomSerial(),
      issuer: this.#certificate.subject,
      subject: [{ CN: [agent.name] }],
      // A short-lived certificate is backdated by a third of its lifetime at most: agents renew after two thirds of it.
      notBefore: new Date(now - Math.min(BACKDATE_MS, lifetime / 3)),
      notAfter: new Date(notAfter),
      publicKey: request.publicKey,
      signingKey: this.#signingKey,
      signingAlgorithm: P256_SHA256,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth], true),
        new SubjectAlternativeNameExtension([{ type: 'url', value: agentUri(agent) }]),
        await SubjectKeyIdentifierExtension.create(request.publicKey),
        await AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
      ],
    });
    const pem = `${certificate.toString('pem')}\n`;
    const identity = readAgentIdentity(Buffer.from(certificate.rawData));
    if (identity === undefined) throw new TypeError('An issued certificate could not be read.');
    return { identity, chain: pem + this.caPem };
  }
}
