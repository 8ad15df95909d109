import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type PackageManifest = {
  readonly name: string;
  readonly version: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
};

/** The package.json of a folder. */
export async function readManifest(root: string, folder: string): Promise<PackageManifest> {
  return JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as PackageManifest;
}

/** The package.json files of the workspaces, by folder. */
export async function workspaceManifests(root: string): Promise<Map<string, PackageManifest>> {
  const { workspaces = [] } = await readManifest(root, '.');
  const manifests = await Promise.all(workspaces.map((folder) => readManifest(root, folder)));
  return new Map(workspaces.map((folder, index) => [folder, manifests[index] as PackageManifest]));
}
