import { apiDocument } from '@penstock/control-plane';

/** docs/openapi.json: what a gateway serves at /api/v1/openapi.json, for those who make clients without one. */
export async function apiDocumentFile(): Promise<{ path: string; content: string }> {
  return {
    path: 'docs/openapi.json',
    content: `${JSON.stringify(await apiDocument(), undefined, 2)}\n`,
  };
}
