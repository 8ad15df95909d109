import type { ConnectorKind } from '@penstock/config-schema';
import type { EndpointKind, EndpointOf, Placeholders } from './ingress-endpoint.ts';
import type { NoteId } from './notes.ts';

/** How a driver uses an ingress. */
export type Recipe =
  | {
      readonly connect: string;
      /** What has to be set in addition to the string: JVM options, variables, properties. */
      readonly also?: readonly string[];
      readonly notes: readonly NoteId[];
    }
  | {
      /** Why the driver cannot use this ingress, and what to use instead. */
      readonly unsupported: string;
    };

export type Driver = {
  /** Value of `--driver`. */
  readonly name: string;
  readonly title: string;
  readonly kind: ConnectorKind;
  readonly recipes: {
    readonly [Kind in EndpointKind]: (endpoint: EndpointOf<Kind>, placeholders: Placeholders) => Recipe;
  };
};

/** Returns the recipe of `driver` for an ingress of any kind. */
export function recipeFor(
  driver: Driver,
  endpoint: EndpointOf<EndpointKind>,
  placeholders: Placeholders,
): Recipe {
  switch (endpoint.kind) {
    case 'tcp':
      return driver.recipes.tcp(endpoint, placeholders);
    case 'sni':
      return driver.recipes.sni(endpoint, placeholders);
    case 'socks5':
      return driver.recipes.socks5(endpoint, placeholders);
    case 'httpConnect':
      return driver.recipes.httpConnect(endpoint, placeholders);
  }
}
