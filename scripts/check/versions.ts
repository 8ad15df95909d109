import { SOFTWARE_VERSION } from '@penstock/wire';
import { REQUIRED_NODE } from '@penstock/wire/node-version';
import type { Check } from './check.ts';
import { readManifest, workspaceManifests } from './package-manifest.ts';

export const versionsCheck: Check = {
  name: 'versions',
  promise: 'all packages have the same version and use the same version of each dependency',
  async run(root) {
    const top = await readManifest(root, '.');
    const manifests = await workspaceManifests(root);
    const problems: string[] = [];
    const expect = (place: string, found: string | undefined, wanted: string) => {
      if (found !== wanted) problems.push(`${place} is ${found ?? 'missing'}, but should be ${wanted}`);
    };
    expect('SOFTWARE_VERSION in wire/src/version.ts', SOFTWARE_VERSION, top.version);
    expect('the dev dependency node', top.devDependencies?.['node'], REQUIRED_NODE);
    const versions = new Map(Object.entries(top.devDependencies ?? {}));
    for (const [folder, manifest] of manifests) {
      expect(`the version in ${folder}/package.json`, manifest.version, top.version);
      for (const [name, version] of Object.entries(manifest.dependencies ?? {})) {
        const known = name.startsWith('@penstock/') ? top.version : (versions.get(name) ?? version);
        expect(`${name} in ${folder}/package.json`, version, known);
        versions.set(name, known);
      }
    }
    for (const [name, version] of versions) {
      if (!/^\d+\.\d+\.\d+/.test(version)) problems.push(`${name} is "${version}": pin one exact version`);
    }
    return { problems };
  },
};
