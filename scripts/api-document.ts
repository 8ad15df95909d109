import { apiDocument } from '@penstock/control-plane';

/** docs/openapi.json: a copy of /api/v1/openapi.json, to generate clients without a running gateway. */
export async function apiDocumentFile(): Promise<{ path: string; content: string }> {
  return {
    path: 'docs/openapi.json',
    content: `${JSON.stringify(await apiDocument(), undefined, 2)}\n`,
  };
}
