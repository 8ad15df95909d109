import type { Static, TObject, TString } from '@penstock/json-schema';
import {
  type Io,
  json,
  type OutputFormat,
  type Style,
  styleFor,
  type TableColumn,
  table,
} from '@penstock/terminal';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { actorNames } from '../audit/actor-names.ts';

/** What rendering a row requires besides its credential. */
export type RowContext = {
  /** Returns the name of the creator, or its ID if the name is unknown. */
  readonly creator: (createdBy: string) => string;
  readonly style: Style;
  readonly now: number;
};

/** The field that all credentials have. */
type Credential = TObject<{ createdBy: TString }>;

export type CredentialList<Schema extends Credential> = {
  readonly schema: Schema;
  /** Below /api/v1. */
  readonly path: string;
  /** Printed if there are none. */
  readonly emptyMessage: string;
  readonly head: readonly TableColumn[];
  readonly row: (credential: Static<Schema>, context: RowContext) => (string | undefined)[];
};

/** Prints a list of credentials: enrollment tokens or grants. */
export async function printCredentials<Schema extends Credential>(
  io: Io,
  output: OutputFormat,
  { schema, path, emptyMessage, head, row }: CredentialList<Schema>,
): Promise<void> {
  const api = apiFromEnvironment(io);
  const { items } = await everyPage(api, schema, path);
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write(`${emptyMessage}\n`);
    return;
  }
  const names = await actorNames(
    api,
    items.map(({ createdBy }) => createdBy),
  );
  const context = {
    creator: (createdBy: string) => names.get(createdBy) ?? createdBy,
    style: styleFor(io.stdout, io.environment),
    now: Date.now(),
  };
  io.stdout.write(
    table(
      head,
      items.map((item) => row(item, context)),
      io,
    ),
  );
}
