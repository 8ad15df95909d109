export { type ArtifactQuery, chooseArtifact, verifiedArtifact } from './artifact.ts';
export { type BuildFacts, buildFacts } from './build-facts.ts';
export {
  type Artifact,
  type KeysDocument,
  type LatestDocument,
  PRODUCT,
  type ReleaseDocument,
  releasePaths,
} from './documents.ts';
export { MAX_DOCUMENT_BYTES, signDocument } from './envelope.ts';
export { ReleaseError, type ReleaseErrorCode, releaseErrors } from './release-error.ts';
export { keyId, publicKeyText, readPublicKey } from './signing-key.ts';
export {
  type LatestFiles,
  type ReleaseFiles,
  ROOT_THRESHOLD,
  readRootKeys,
  type Sequences,
  type Trust,
  type VerifiedLatest,
  type VerifiedRelease,
  verifyLatest,
  verifyRelease,
} from './verify-release.ts';
