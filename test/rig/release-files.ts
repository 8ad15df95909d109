import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  type Artifact,
  type KeysDocument,
  type LatestDocument,
  publicKeyText,
  type ReleaseDocument,
  type ReleaseFiles,
  signDocument,
  type Trust,
} from '@penstock/release';

export const newKey = () => generateKeyPairSync('ed25519');
type KeyPair = ReturnType<typeof newKey>;

export const NOW = Date.parse('2026-11-26T12:00:00Z');
export const CONTENT = Buffer.from('#!/bin/sh\necho 1.2.3\n');

export const artifact: Artifact = {
  program: 'penstock-agent',
  kind: 'executable',
  os: 'linux',
  arch: 'x64',
  file: 'penstock-agent-1.2.3-linux-x64',
  size: CONTENT.length,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
};

type Changes = {
  readonly keys?: Partial<KeysDocument>;
  readonly latest?: Partial<LatestDocument>;
  readonly release?: Partial<ReleaseDocument>;
  readonly signKeys?: readonly KeyPair[];
  readonly signLatest?: readonly KeyPair[];
  readonly signRelease?: readonly KeyPair[];
};

/** A publisher with three root keys and one release key, all made now, and what a host trusts that was built by it. */
export function publisher() {
  const roots = [newKey(), newKey(), newKey()];
  const releaseKey = newKey();
  const trust: Trust = {
    rootKeys: roots.map(({ publicKey }) => publicKeyText(publicKey)),
    seen: { keys: 0, latest: 0, release: 0 },
    now: NOW,
  };
  const files = (changes: Changes = {}): ReleaseFiles => {
    const keys = signDocument(
      'keys',
      {
        product: 'penstock',
        sequence: 3,
        expires: '2027-11-26T00:00:00Z',
        keys: [{ publicKey: publicKeyText(releaseKey.publicKey), use: 'release' }],
        ...changes.keys,
      },
      changes.signKeys ?? roots.slice(0, 2),
    );
    const document: ReleaseDocument = {
      product: 'penstock',
      sequence: 20,
      expires: '2027-11-26T00:00:00Z',
      version: '1.2.3',
      commit: '0'.repeat(40),
      revoked: [],
      artifacts: [artifact],
      ...changes.release,
    };
    const release = signDocument('release', document, changes.signRelease ?? [releaseKey]);
    const latest = signDocument(
      'latest',
      {
        product: 'penstock',
        sequence: 40,
        expires: '2026-12-03T00:00:00Z',
        release: {
          version: document.version,
          sequence: document.sequence,
          sha256: createHash('sha256').update(release).digest('hex'),
        },
        revoked: [],
        ...changes.latest,
      },
      changes.signLatest ?? [releaseKey],
    );
    return { keys, latest, release };
  };
  return { roots, releaseKey, trust, files };
}
