import 'reflect-metadata';
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

x509.cryptoProvider.set(webcrypto as Crypto);

export type TestCertificate = {
  /** Only the certificate, as PEM. */
  readonly certificate: string;
  /** The certificate followed by its issuer, as PEM, as a server presents it. */
  readonly chain: string;
  /** PKCS #8, PEM. */
  readonly key: string;
  /** Certificate pin of its public key, `sha256/…=`. */
  readonly pin: string;
};

export type LeafOptions = {
  readonly commonName: string;
  /** DNS names and IP addresses for the subject alternative names; loopback by default. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly usage?: 'server' | 'client';
};

/** A certificate authority for a test, created at run time. */
export class TestAuthority {
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  /** Certificate pin of the authority's own key. */
  readonly pin: string;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(name: string, certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.name = name;
    this.certificate = certificate.toString('pem');
    this.pin = certificatePin(this.certificate);
    this.#keys = keys;
  }

  static async create(name: string, notAfter = new Date(Date.now() + 365 * DAY_MS)): Promise<TestAuthority> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: [{ CN: [name] }],
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter,
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new TestAuthority(name, certificate, keys);
  }

  /**
   * Issues a leaf certificate, by default valid for a day, starting an hour ago; dates in the past create an expired
   * one.
   */
  async issue(options: LeafOptions): Promise<TestCertificate> {
    const keys = await generateKeys();
    const names = options.names ?? ['localhost', '127.0.0.1'];
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [options.commonName] }],
      issuer: [{ CN: [this.name] }],
      notBefore: options.notBefore ?? new Date(Date.now() - DAY_MS / 24),
      notAfter: options.notAfter ?? new Date(Date.now() + DAY_MS),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          options.usage === 'client' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
        ]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
      ],
    });
    const pem = `${certificate.toString('pem')}\n`;
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return {
      certificate: pem,
      chain: `${pem}${this.certificate}\n`,
      key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
      pin: certificatePin(pem),
    };
  }
}

/** SHA-256 of the subject public key info of a certificate (RFC 7469 section 2.4), `sha256/…=`. */
export function certificatePin(certificate: string | Buffer): string {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** Positive and of 16 bytes (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
