import {
  type Io,
  json,
  type OutputFormat,
  type Style,
  styleFor,
  type TableColumn,
  table,
} from '@penstock/terminal';
import type { Static, TObject, TString } from 'typebox';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { actorNames } from '../audit/actor-names.ts';

/** What a row may need besides its credential. */
export type RowContext = {
  /** Name of whoever made a credential, as far as it is known. */
  readonly maker: (createdBy: string) => string;
  readonly style: Style;
  readonly now: number;
};

/** Every credential says who made it. */
type Credential = TObject<{ createdBy: TString }>;

export type CredentialList<Schema extends Credential> = {
  readonly schema: Schema;
  /** Below /api/v1. */
  readonly path: string;
  /** Said when there are none. */
  readonly none: string;
  readonly head: readonly TableColumn[];
  readonly row: (credential: Static<Schema>, context: RowContext) => (string | undefined)[];
};

/** Prints what people have made to let somebody in: enrollment tokens, grants. */
export async function printCredentials<Schema extends Credential>(
  io: Io,
  output: OutputFormat,
  { schema, path, none, head, row }: CredentialList<Schema>,
): Promise<void> {
  const api = apiFromEnvironment(io);
  const { items } = await everyPage(api, schema, path);
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write(`${none}\n`);
    return;
  }
  const makers = await actorNames(
    api,
    items.map(({ createdBy }) => createdBy),
  );
  const context = {
    maker: (createdBy: string) => makers.get(createdBy) ?? createdBy,
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
