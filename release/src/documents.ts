import { type Static, Type } from '@penstock/json-schema';

/** The product that every document names. Keys of another product must not sign for this one. */
export const PRODUCT = 'penstock';

/** Also the name of a folder: it has no separators and does not begin with a dot. */
const VERSION = '^[0-9]{1,6}\\.[0-9]{1,6}\\.[0-9]{1,6}(-[0-9A-Za-z.-]{1,64})?$';
/** The name of a file in the folder of its release: no separators, and no dot at the beginning. */
const FILE = '^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$';
const SHA256 = '^[0-9a-f]{64}$';

const version = Type.String({ pattern: VERSION });
const sequence = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
/** A time of RFC 3339 in UTC. */
const time = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{3})?Z$' });
const sha256 = Type.String({ pattern: SHA256 });
const file = Type.String({ pattern: FILE });
/** 1 GiB: an executable has 150 MB. */
const MAX_ARTIFACT_BYTES = 2 ** 30;
const size = Type.Integer({ minimum: 1, maximum: MAX_ARTIFACT_BYTES });
const base = { product: Type.String({ maxLength: 64 }), sequence, expires: time };

/** `keys.json`: the keys that may sign releases. Signed by two root keys. */
export const KeysDocument = Type.Object({
  ...base,
  keys: Type.Array(
    Type.Object({
      /** An Ed25519 public key, as base64 of its SPKI. */
      publicKey: Type.String({ pattern: '^[0-9A-Za-z+/]{40,120}={0,2}$' }),
      use: Type.String({ maxLength: 32, description: 'release; others are ignored' }),
    }),
    { minItems: 1, maxItems: 16 },
  ),
});
export type KeysDocument = Static<typeof KeysDocument>;

export const Artifact = Type.Object({
  program: Type.String({ maxLength: 64, description: 'penstock-agent or penstock-gateway' }),
  kind: Type.String({ maxLength: 32, description: 'executable, deb, rpm, npm, chart, …' }),
  /** As in `process.platform`: linux, win32, darwin; `any` for what runs everywhere. */
  os: Type.String({ maxLength: 32 }),
  /** As in `process.arch`: x64, arm64; `any` for what runs everywhere. */
  arch: Type.String({ maxLength: 32 }),
  file,
  size,
  sha256,
  /** The same file compressed, for downloads. Its content is verified with `size` and `sha256` above. */
  gzip: Type.Optional(Type.Object({ file, size })),
});
export type Artifact = Static<typeof Artifact>;

/** `release.json`: one version and its files. Signed by a release key. */
export const ReleaseDocument = Type.Object({
  ...base,
  version,
  /** The commit it was built from, so that anybody can build it again and compare. */
  commit: Type.String({ pattern: '^[0-9a-f]{40}(-dirty)?$' }),
  /** Versions that must not be installed any more. */
  revoked: Type.Array(version, { maxItems: 1000 }),
  artifacts: Type.Array(Artifact, { minItems: 1, maxItems: 200 }),
});
export type ReleaseDocument = Static<typeof ReleaseDocument>;

/** `latest.json`: the newest release, signed again at least once a week. Signed by a release key. */
export const LatestDocument = Type.Object({
  ...base,
  release: Type.Object({ version, sequence, sha256 }),
  revoked: Type.Array(version, { maxItems: 1000 }),
});
export type LatestDocument = Static<typeof LatestDocument>;

/** The documents by the name that their signatures include, so that none can be passed off as another. */
export const documents = { keys: KeysDocument, release: ReleaseDocument, latest: LatestDocument } as const;
export type DocumentKind = keyof typeof documents;
export type DocumentOf<Kind extends DocumentKind> = Static<(typeof documents)[Kind]>;

/** Where the files of a release are, below the folder or URL that they are published in. */
export const releasePaths = {
  keys: 'keys.json',
  latest: 'latest.json',
  release: (version: string) => `${version}/release.json`,
  artifact: (version: string, name: string) => `${version}/${name}`,
} as const;
