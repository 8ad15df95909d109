import type { webcrypto } from 'node:crypto';

// @peculiar/x509 names the types of Web Crypto as the global types that the library `dom` declares. Node has the same
// API, and @types/node declares its types in `node:crypto` only. The library `dom` itself would also let our code use
// `window`, `document` and other globals that Node does not have.
declare global {
  type Algorithm = webcrypto.Algorithm;
  type AlgorithmIdentifier = webcrypto.AlgorithmIdentifier;
  type BufferSource = NodeJS.BufferSource;
  type CryptoKeyPair = webcrypto.CryptoKeyPair;
  type EcdsaParams = webcrypto.EcdsaParams;
  type EcKeyGenParams = webcrypto.EcKeyGenParams;
  type EcKeyImportParams = webcrypto.EcKeyImportParams;
  type KeyUsage = webcrypto.KeyUsage;
  type RsaHashedImportParams = webcrypto.RsaHashedImportParams;
}
