import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import {
  type EnrollRequest,
  type IssuedIdentity,
  type ProblemError,
  paths,
  type RenewRequest,
} from '@penstock/wire';
import type { Post } from '../../src/identity/identity-answer.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 86_400_000;

/**
 * Answers enrollment and renewal like the gateway, in memory: signs and records every request.
 * test/certificates tests the real gateway with the real agent.
 */
export class IssuingGateway {
  readonly requests: { readonly path: string; readonly body: unknown }[] = [];
  /** Answered once instead of a certificate. */
  refuseWith: ProblemError | undefined;
  /** Signs the next request and loses the answer. */
  loseAnswer = false;
  agentId = 'agt_one';
  organization = 'acme';
  name = 'orders-1';
  pool = 'dc1';
  notAfter = new Date(Date.now() + DAY);
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #ca: x509.X509Certificate;

  private constructor(keys: webcrypto.CryptoKeyPair, ca: x509.X509Certificate) {
    this.#keys = keys;
    this.#ca = ca;
  }

  static async start(): Promise<IssuingGateway> {
    const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: 'CN=Test CA',
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + 10 * DAY),
      keys,
      signingAlgorithm: P256,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    return new IssuingGateway(keys, ca);
  }

  readonly post: Post = async (path, body) => {
    this.requests.push({ path, body });
    const problem = this.refuseWith;
    this.refuseWith = undefined;
    if (problem !== undefined) {
      return { status: problem.status, body: problem.toDocument(), retryAfter: problem.retryAfter };
    }
    const { csr } = body as EnrollRequest | RenewRequest;
    const issued = await this.issue(csr, path === paths.enroll ? (body as EnrollRequest) : undefined);
    if (this.loseAnswer) {
      this.loseAnswer = false;
      throw new Error('the connection was lost');
    }
    return { status: 200, body: issued };
  };

  async issue(csr: string, who?: { readonly name: string; readonly pool: string }): Promise<IssuedIdentity> {
    this.name = who?.name ?? this.name;
    this.pool = who?.pool ?? this.pool;
    const request = new x509.Pkcs10CertificateRequest(csr);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${this.name}`,
      issuer: 'CN=Test CA',
      notBefore: new Date(Date.now() - 1000),
      notAfter: this.notAfter,
      publicKey: request.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: P256,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: `penstock://${this.organization}/pools/${this.pool}/agents/${this.agentId}` },
        ]),
      ],
    });
    return {
      agentId: this.agentId,
      certificateChain: `${certificate.toString('pem')}\n${this.#ca.toString('pem')}\n`,
      notAfter: this.notAfter.toISOString(),
    };
  }
}

const serial = () => `40${randomBytes(15).toString('hex')}`;

/** The public key of a request, as hexadecimal DER. */
export function publicKeyOf(csr: string): string {
  return Buffer.from(new x509.Pkcs10CertificateRequest(csr).publicKey.rawData).toString('hex');
}

export function isSelfSigned(csr: string): Promise<boolean> {
  return new x509.Pkcs10CertificateRequest(csr).verify();
}
