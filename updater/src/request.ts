import { join } from 'node:path';
import { type Static, Type, whenUsed } from '@penstock/json-schema';
import { VERSION_PATTERN } from '@penstock/wire';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFetched } from './fetched-file.ts';

/** What an agent, or root on the host, asks the updater to do. */
export const UpgradeRequest = Type.Object({
  format: Type.Literal(1),
  /** New for each request: one that was handled is not handled again. */
  id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
  to: Type.String({ pattern: VERSION_PATTERN }),
  rollout: Type.Optional(Type.String({ maxLength: 64 })),
  back: Type.Optional(Type.Boolean()),
  retry: Type.Optional(Type.Boolean()),
  /** Drop what is staged for this version, instead. */
  cancel: Type.Optional(Type.Boolean()),
  /** Absolute path of the directory with the files of the release. */
  files: Type.Optional(Type.String({ pattern: '^(/|[A-Za-z]:\\\\)', maxLength: 4096 })),
  keep: Type.Optional(Type.Integer({ minimum: 2, maximum: 10 })),
  /** Switch once staged, before this time in milliseconds since 1970. Absent: only stage. */
  until: Type.Optional(Type.Number()),
});
export type UpgradeRequest = Static<typeof UpgradeRequest>;

const requestCheck = whenUsed(() => new Ajv2020().compile<UpgradeRequest>(UpgradeRequest));
const MAX_BYTES = 64 * 1024;

/** Name of the request in the directory of an agent, and in that of root. Units watch it. */
export const REQUEST_FILE = 'upgrade-request.json';

/** The source of requests that root on the host has made; others are named for their agents. */
export const ROOT = 'root';

/** A request, and the id of the user who has written it: whoever else owns a file that it names did not fetch it. */
export type OwnedRequest = { readonly request: UpgradeRequest; readonly owner: number };

/** The request in a directory; undefined if there is none, or none that can be understood. Throws UpgradeError. */
export function readRequest(directory: string): OwnedRequest | undefined {
  const file = readFetched(join(directory, REQUEST_FILE), MAX_BYTES);
  if (file === undefined) return undefined;
  const isRequest = requestCheck();
  try {
    const request: unknown = JSON.parse(file.bytes.toString());
    return isRequest(request) ? { request, owner: file.owner } : undefined;
  } catch {
    return undefined;
  }
}
