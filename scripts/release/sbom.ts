import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Commit, dateOf } from './build-facts.ts';
import type { Program } from './bundle.ts';
import type { BundledPackage } from './licenses.ts';
import { NODE_VERSION } from './platforms.ts';

type Lock = {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>;
};

export type SbomOptions = {
  readonly root: string;
  readonly commit: Commit;
  readonly version: string;
  readonly packages: readonly BundledPackage[];
};

/**
 * The bill of materials of a program: CycloneDX 1.6 (cyclonedx.org/docs/1.6/json). It lists what is in the executable, as
 * the bundler reports it, rather than what package.json asks for.
 */
export async function softwareBill(
  program: Program,
  { root, commit, version, packages }: SbomOptions,
): Promise<string> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const reference = `pkg:generic/${program}@${version}`;
  const components = [
    {
      type: 'application',
      'bom-ref': `pkg:generic/node@${NODE_VERSION}`,
      name: 'node',
      version: NODE_VERSION,
      purl: `pkg:generic/node@${NODE_VERSION}`,
      licenses: [{ license: { id: 'MIT' } }],
    },
    ...packages.map((bundled) => componentOf(bundled, lock)),
  ];
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(`${program} ${version} ${commit.id}`)}`,
    version: 1,
    metadata: {
      timestamp: dateOf(commit),
      component: {
        type: 'application',
        'bom-ref': reference,
        name: program,
        version,
        purl: reference,
        licenses: [{ license: { id: 'Apache-2.0' } }],
        properties: [{ name: 'penstock:commit', value: commit.id }],
      },
    },
    components,
    dependencies: [{ ref: reference, dependsOn: components.map((component) => component['bom-ref']) }],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function componentOf({ name, version, license }: BundledPackage, lock: Lock) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const integrity = Object.entries(lock.packages).find(
    ([path, entry]) => path.endsWith(`node_modules/${name}`) && entry.version === version,
  )?.[1].integrity;
  const hash = integrity?.startsWith('sha512-')
    ? [{ alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') }]
    : undefined;
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license !== undefined && {
      licenses: [/[ (]/.test(license) ? { expression: license } : { license: { id: license } }],
    }),
    ...(hash !== undefined && { hashes: hash }),
  };
}

/** A UUID of version 8 (RFC 9562 section 5.8) from a hash: the same release has the same one. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
