import type { ConnectorKind } from '@penstock/config-schema';
import type { NoteId } from './notes.ts';
import type { Blanks, WayKind, WayOf } from './way-in.ts';

/** How one driver takes one way in. */
export type Recipe =
  | {
      readonly connect: string;
      /** What is set beside the string: options of the JVM, variables, properties. */
      readonly also?: readonly string[];
      readonly notes: readonly NoteId[];
    }
  | {
      /** Why this driver cannot take this way, and what to take instead. */
      readonly not: string;
    };

export type Driver = {
  /** As `--driver` takes it. */
  readonly name: string;
  readonly title: string;
  readonly kind: ConnectorKind;
  readonly ways: { readonly [Kind in WayKind]: (way: WayOf<Kind>, blanks: Blanks) => Recipe };
};

/** The recipe of `driver` for a way in of any kind. */
export function recipeFor(driver: Driver, way: WayOf<WayKind>, blanks: Blanks): Recipe {
  switch (way.kind) {
    case 'tcp':
      return driver.ways.tcp(way, blanks);
    case 'sni':
      return driver.ways.sni(way, blanks);
    case 'socks5':
      return driver.ways.socks5(way, blanks);
    case 'httpConnect':
      return driver.ways.httpConnect(way, blanks);
  }
}
