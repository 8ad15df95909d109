import { schemaFiles } from '@penstock/config-schema';
import { apiDocumentFile } from './api-document.ts';
import { architectureDocument } from './architecture-document.ts';
import { commandLineDocument } from './command-line-document.ts';
import { configurationDocument } from './configuration-document.ts';
import { diagnosticsDocument } from './diagnostics-document.ts';
import { driversDocument } from './drivers-document.ts';

export type GeneratedFile = {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly content: string;
};

/** Every file that is generated from code and kept in Git, for people who read it without running anything. */
export async function generatedFiles(): Promise<GeneratedFile[]> {
  return [
    ...schemaFiles(),
    await architectureDocument(),
    await configurationDocument(),
    await apiDocumentFile(),
    await commandLineDocument(),
    await diagnosticsDocument(),
    await driversDocument(),
  ];
}
