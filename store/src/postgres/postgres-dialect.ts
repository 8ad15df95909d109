import {
  type DatabaseIntrospector,
  type DataTypeNode,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type KyselyPlugin,
  type OperationNode,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
  type QueryResult,
  RawNode,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely';
import type { PostgresDriver } from './postgres-driver.ts';

/** Kysely's PostgreSQL dialect, over a driver with bounds. */
export class PostgresPoolDialect implements Dialect {
  readonly #driver: PostgresDriver;

  constructor(driver: PostgresDriver) {
    this.#driver = driver;
  }

  createDriver(): Driver {
    return this.#driver;
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new PostgresIntrospector(db);
  }
}

/** The types of SQLite that a migration names, as types of PostgreSQL that behave in the same way. */
const twins: Readonly<Record<string, string>> = {
  // Compared by bytes: pages by name must not depend on the locale of the database.
  text: 'text collate "C"',
  // SQLite has one size.
  integer: 'bigint',
  real: 'double precision',
};

class ColumnTypes extends OperationNodeTransformer {
  protected override transformDataType(node: DataTypeNode): DataTypeNode {
    const twin = twins[node.dataType];
    // A raw node is allowed wherever a type is, although the signature does not say so.
    return twin === undefined ? node : (RawNode.createWithSql(twin) as OperationNode as DataTypeNode);
  }
}

/** Makes the columns of a migration equivalent to those of the embedded store. */
export class ColumnTypesPlugin implements KyselyPlugin {
  readonly #transformer = new ColumnTypes();

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node, queryId);
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result;
  }
}
