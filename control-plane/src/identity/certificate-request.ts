import { createPublicKey } from 'node:crypto';
import { ProblemError, publicKeyHash } from '@penstock/wire';
import { P256 } from './p256.ts';
import { Pkcs10CertificateRequest, type PublicKey } from './x509.ts';

/** A P-256 request has about 500 bytes. The bound keeps hostile ASN.1 small. */
const MAX_PEM_CHARACTERS = 4096;

export type CertificateRequest = {
  readonly publicKey: PublicKey;
  /** Hexadecimal SHA-256 of the SPKI, which identifies the key. */
  readonly key: string;
};

/**
 * Parses and checks a PKCS #10 request (RFC 2986). It must be small and signed by its own P-256 key. Its subject and
 * extensions are ignored, because only the gateway determines the content of a certificate. Throws ProblemError
 * CSR_INVALID.
 */
export async function readCertificateRequest(pem: string): Promise<CertificateRequest> {
  if (pem.length > MAX_PEM_CHARACTERS) {
    throw refuse(`The certificate request has more than ${MAX_PEM_CHARACTERS} characters.`);
  }
  const { request, key } = parse(pem);
  const { algorithm } = request.publicKey;
  if (
    algorithm.name !== P256.name ||
    !('namedCurve' in algorithm) ||
    algorithm.namedCurve !== P256.namedCurve
  ) {
    throw refuse('The key of the certificate request is not an ECDSA key on P-256.');
  }
  if (!(await isSelfSigned(request))) {
    throw refuse('The certificate request is not signed by its own key.');
  }
  return { publicKey: request.publicKey, key };
}

/** Reads everything needed, because the library parses some parts lazily and may throw only then. */
function parse(pem: string): { request: Pkcs10CertificateRequest; key: string } {
  try {
    const request = new Pkcs10CertificateRequest(pem);
    const der = Buffer.from(request.publicKey.rawData);
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return { request, key: publicKeyHash(publicKey).toString('hex') };
  } catch (cause) {
    throw refuse('The certificate request is not a PKCS #10 request in PEM.', cause);
  }
}

async function isSelfSigned(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    return false;
  }
}

const refuse = (detail: string, cause?: unknown) => new ProblemError('CSR_INVALID', detail, { cause });
